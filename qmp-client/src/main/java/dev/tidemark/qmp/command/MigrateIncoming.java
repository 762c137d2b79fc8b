// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `migrate-incoming`: starts listening, in a QEMU that was started with `-incoming defer`.
///
/// @param uri where from, such as `fd:NAME`, `unix:PATH`, `file:PATH`
public record MigrateIncoming(String uri) implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "migrate-incoming";
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
