// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonArray;
import dev.tidemark.qmp.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// What `query-migrate` returns.
///
/// QEMU 7.2 reports a downtime and a total time of 0 right after `completed`; measure by events.
///
/// @param status the state; `NONE` where there has been no migration
/// @param ram progress of the RAM, once it has begun
/// @param setupTime time from `migrate` until RAM was sent
/// @param totalTime time since `migrate`, or of the whole migration once it is over
/// @param downtime how long the guest stood, once the migration has completed
/// @param expectedDowntime how long QEMU expects it to stand, while it is active
/// @param errorDesc why the migration failed
/// @param blockedReasons why this machine cannot be migrated; empty if it can
/// @param raw the whole reply
public record MigrationInfo(
    MigrationStatus status,
    Optional<RamStats> ram,
    Optional<Duration> setupTime,
    Optional<Duration> totalTime,
    Optional<Duration> downtime,
    Optional<Duration> expectedDowntime,
    Optional<String> errorDesc,
    List<String> blockedReasons,
    JsonObject raw) {

  /// Copies the list.
  public MigrationInfo {
    blockedReasons = List.copyOf(blockedReasons);
  }

  static MigrationInfo of(JsonObject raw) {
    return new MigrationInfo(
        raw.optString("status").map(MigrationStatus::of).orElse(MigrationStatus.Known.NONE),
        raw.optObject("ram").map(RamStats::of),
        Replies.millis(raw, "setup-time"),
        Replies.millis(raw, "total-time"),
        Replies.millis(raw, "downtime"),
        Replies.millis(raw, "expected-downtime"),
        raw.optString("error-desc"),
        raw.optArray("blocked-reasons").map(JsonArray::strings).orElse(List.of()),
        raw);
  }
}
