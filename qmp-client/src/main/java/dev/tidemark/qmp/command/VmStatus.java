// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;

/// What `query-status` returns.
///
/// @param running whether the virtual CPUs run
/// @param status the run state
/// @param raw the whole reply
public record VmStatus(boolean running, RunState status, JsonObject raw) {
  static VmStatus of(JsonObject raw) {
    return new VmStatus(raw.bool("running"), RunState.of(raw.string("status")), raw);
  }
}
