// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `system_reset`: resets the machine; the event `RESET` follows.
public record SystemReset() implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "system_reset";
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
