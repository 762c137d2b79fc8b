// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What a save did and what it cost.
///
/// @param method how the VM was saved
/// @param runState the run state the VM was in before and is in again, such as `running`
/// @param downtime how long the guest stood; absent where it was not running
/// @param streamTime from `migrate` accepted to the last byte of the stream
/// @param totalTime from the start of the save until the checkpoint was durable under its name
/// @param iterations how many dirty syncs QEMU made
/// @param streamBytes bytes received from QEMU
/// @param fileBytes size of the checkpoint file
/// @param ramBytes used length of all RAM blocks together
/// @param pagesSent page records received, zero pages included
/// @param zeroPages of these, how many were zero pages
/// @param pagesResent how many replaced an earlier version
/// @param tablePeakPages most pages that were in the dirty-page table at once
/// @param spills how many times the dirty-page table was emptied early since it was full
/// @param pagesSpilled how many pages those spills wrote
/// @param pagesSpilledWhileStopped how many of them while the guest stood, since even the reserve
/// was
///     used up
/// @param warnings what did not go as asked, one line each, such as a budget that was not met
public record SaveReport(
    SaveMethod method,
    String runState,
    Optional<Downtime> downtime,
    Duration streamTime,
    Duration totalTime,
    long iterations,
    long streamBytes,
    long fileBytes,
    long ramBytes,
    long pagesSent,
    long zeroPages,
    long pagesResent,
    long tablePeakPages,
    long spills,
    long pagesSpilled,
    long pagesSpilledWhileStopped,
    List<String> warnings) {

  /// How long the guest did not run, as seen from the source.
  ///
  /// @param stopped when the `STOP` event happened, by QEMU's clock
  /// @param total from the `STOP` event to the `RESUME` event, by QEMU's own timestamps
  /// @param finalIteration from the `STOP` event to the last page received
  /// @param deviceState from the last page received to the end of the stream
  /// @param resume from the end of the stream to the `RESUME` event
  public record Downtime(
      Instant stopped,
      Duration total,
      Duration finalIteration,
      Duration deviceState,
      Duration resume) {}
}
