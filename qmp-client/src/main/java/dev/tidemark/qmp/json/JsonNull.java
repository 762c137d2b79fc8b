// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.json;

/// The JSON null.
public enum JsonNull implements JsonValue {
  /// The only one.
  INSTANCE;

  @Override
  public String toString() {
    return "null";
  }
}
