// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;

/// `query-dirty-rate`: how fast the guest dirtied its memory when it was measured last.
public record QueryDirtyRate() implements QmpCommand<DirtyRate> {
  @Override
  public String wireName() {
    return "query-dirty-rate";
  }

  @Override
  public DirtyRate decode(JsonValue returned) {
    return DirtyRate.of(returned.asObject());
  }
}
