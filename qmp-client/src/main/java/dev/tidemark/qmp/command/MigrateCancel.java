// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `migrate_cancel`: ends an outgoing migration; the guest runs on. Without a migration it does
/// nothing.
public record MigrateCancel() implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "migrate_cancel";
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
