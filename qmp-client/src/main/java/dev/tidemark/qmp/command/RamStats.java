// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;

/// How far the RAM of a migration has come. Values that a QEMU does not report are 0.
///
/// @param transferred bytes sent
/// @param remaining bytes still to send, as far as QEMU knows
/// @param total bytes of RAM
/// @param duplicate zero pages sent
/// @param normal pages sent with content
/// @param normalBytes their bytes
/// @param dirtyPagesRate target pages that the guest dirties per second
/// @param mbps megabits sent per second
/// @param dirtySyncCount how many times QEMU has collected what is dirty: the iteration
/// @param pageSize bytes of a target page
public record RamStats(
    long transferred,
    long remaining,
    long total,
    long duplicate,
    long normal,
    long normalBytes,
    long dirtyPagesRate,
    double mbps,
    long dirtySyncCount,
    long pageSize) {

  static RamStats of(JsonObject raw) {
    return new RamStats(
        raw.optLong("transferred").orElse(0),
        raw.optLong("remaining").orElse(0),
        raw.optLong("total").orElse(0),
        raw.optLong("duplicate").orElse(0),
        raw.optLong("normal").orElse(0),
        raw.optLong("normal-bytes").orElse(0),
        raw.optLong("dirty-pages-rate").orElse(0),
        raw.optDouble("mbps").orElse(0),
        raw.optLong("dirty-sync-count").orElse(0),
        raw.optLong("page-size").orElse(0));
  }
}
