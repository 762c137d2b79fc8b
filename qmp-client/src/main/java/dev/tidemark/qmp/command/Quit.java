// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `quit`: ends QEMU. The end of the connection counts as its reply.
public record Quit() implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "quit";
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
