// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.json;

/// A JSON string.
///
/// @param value its characters, without quotes and escapes
public record JsonString(String value) implements JsonValue {
  @Override
  public String toString() {
    return toJson();
  }
}
