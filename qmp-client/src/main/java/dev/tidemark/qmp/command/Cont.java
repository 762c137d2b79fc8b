// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `cont`: lets the guest run; the event `RESUME` follows.
public record Cont() implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "cont";
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
