// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;

/// How far a dump of guest memory has come.
///
/// @param status its state
/// @param completed bytes written
/// @param total bytes to write
/// @param raw the whole reply
public record DumpInfo(DumpStatus status, long completed, long total, JsonObject raw) {
  /// Reads a `DumpQueryResult`.
  public static DumpInfo of(JsonObject raw) {
    return new DumpInfo(
        DumpStatus.of(raw.string("status")),
        raw.longValue("completed"),
        raw.longValue("total"),
        raw);
  }
}
