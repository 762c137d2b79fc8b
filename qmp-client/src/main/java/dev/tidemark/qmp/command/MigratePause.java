// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `migrate-pause`: breaks the connection of a postcopy, which then waits to be recovered. May go
/// out of band.
public record MigratePause() implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "migrate-pause";
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
