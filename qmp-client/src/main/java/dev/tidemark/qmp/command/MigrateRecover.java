// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `migrate-recover`: makes the destination of a paused postcopy listen anew. May go out of band.
///
/// @param uri where, such as `unix:PATH`
public record MigrateRecover(String uri) implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "migrate-recover";
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
