// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `migrate-start-postcopy`: lets the guest go on at the destination; its pages follow. Wants the
/// capability `postcopy-ram` on both sides.
public record MigrateStartPostcopy() implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "migrate-start-postcopy";
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
