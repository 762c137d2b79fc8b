// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `closefd`: closes a descriptor that was passed with `getfd` and not yet used.
///
/// @param name its name
public record Closefd(String name) implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "closefd";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of("fdname", name);
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
