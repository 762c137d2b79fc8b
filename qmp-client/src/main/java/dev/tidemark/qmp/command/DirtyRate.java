// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import java.util.OptionalLong;

/// How fast a guest dirtied its memory.
///
/// @param status the state of the measurement
/// @param mebibytesPerSecond the rate; absent until it is measured
/// @param mode how it was measured
/// @param raw the whole reply
public record DirtyRate(
    DirtyRateStatus status, OptionalLong mebibytesPerSecond, DirtyRateMode mode, JsonObject raw) {
  static DirtyRate of(JsonObject raw) {
    return new DirtyRate(
        DirtyRateStatus.of(raw.string("status")),
        raw.optLong("dirty-rate"),
        DirtyRateMode.of(raw.string("mode")),
        raw);
  }
}
