// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `migrate`: starts an outgoing migration and returns at once.
///
/// @param uri where to, such as `fd:NAME`, `unix:PATH`, `file:PATH`
public record Migrate(String uri) implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "migrate";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of("uri", uri);
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
