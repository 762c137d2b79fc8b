// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `system_powerdown`: presses the power button; the event `POWERDOWN` follows. What comes of it is
/// the guest's choice.
public record SystemPowerdown() implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "system_powerdown";
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
