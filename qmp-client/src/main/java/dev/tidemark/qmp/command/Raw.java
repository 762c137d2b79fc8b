// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;

/// Any command at all, by its name; returns what QEMU returns.
///
/// @param wireName the name, such as `query-kvm`
/// @param arguments the arguments; may be empty
public record Raw(String wireName, JsonObject arguments) implements QmpCommand<JsonValue> {
  /// A command without arguments.
  public Raw(String wireName) {
    this(wireName, JsonObject.EMPTY);
  }

  @Override
  public JsonValue decode(JsonValue returned) {
    return returned;
  }
}
