// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `stop`: stops the guest; the event `STOP` follows if it was running.
public record Stop() implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "stop";
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
