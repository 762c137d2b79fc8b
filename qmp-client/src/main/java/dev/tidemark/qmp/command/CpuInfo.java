// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;

/// A virtual CPU.
///
/// @param index its number, from 0
/// @param threadId the host's thread that runs it
/// @param qomPath where it stands in the QOM tree
/// @param target the architecture, such as `x86_64`
/// @param raw the whole element
public record CpuInfo(long index, long threadId, String qomPath, String target, JsonObject raw) {
  static CpuInfo of(JsonObject raw) {
    return new CpuInfo(
        raw.longValue("cpu-index"),
        raw.longValue("thread-id"),
        raw.string("qom-path"),
        raw.string("target"),
        raw);
  }
}
