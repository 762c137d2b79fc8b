// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;

/// `query-memory-size-summary`: how much memory the guest has.
public record QueryMemorySizeSummary() implements QmpCommand<MemorySizeSummary> {
  @Override
  public String wireName() {
    return "query-memory-size-summary";
  }

  @Override
  public MemorySizeSummary decode(JsonValue returned) {
    return MemorySizeSummary.of(returned.asObject());
  }
}
