// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;

/// `query-status`: whether the guest runs, and the run state.
public record QueryStatus() implements QmpCommand<VmStatus> {
  @Override
  public String wireName() {
    return "query-status";
  }

  @Override
  public VmStatus decode(JsonValue returned) {
    return VmStatus.of(returned.asObject());
  }
}
