// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import java.util.OptionalLong;

/// How much memory the guest has.
///
/// @param baseMemory bytes given at start
/// @param pluggedMemory bytes plugged in since; absent where the target has no hot-plug
public record MemorySizeSummary(long baseMemory, OptionalLong pluggedMemory) {
  static MemorySizeSummary of(JsonObject raw) {
    return new MemorySizeSummary(raw.longValue("base-memory"), raw.optLong("plugged-memory"));
  }
}
