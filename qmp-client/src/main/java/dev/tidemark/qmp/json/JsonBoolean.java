// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.json;

/// A JSON boolean.
///
/// @param value true or false
public record JsonBoolean(boolean value) implements JsonValue {
  @Override
  public String toString() {
    return toJson();
  }
}
