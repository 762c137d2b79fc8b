// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// `calc-dirty-rate`: begins to measure how fast the guest dirties its memory.
///
/// @param time for how long, in whole seconds from 1 to 60
/// @param mode how
public record CalcDirtyRate(Duration time, DirtyRateMode mode)
    implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "calc-dirty-rate";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of("calc-time", time.toSeconds(), "mode", mode.wireName());
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
