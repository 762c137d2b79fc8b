// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import dev.tidemark.saver.SaveReport;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// What a demo has shown.
///
/// @param qemuVersion the version of QEMU
/// @param hello what the guest said at its start
/// @param save what the save did and cost
/// @param pauseByTicks how long the guest stood by its own ticks, beyond one tick; absent where it
///     does not tick
/// @param longestGap the longest time without a tick in the whole save, beyond one tick: the pause,
///     or a moment in which the host had no time for the guest
/// @param ticksDuringSave how many ticks came while it was saved
/// @param restore what the restore cost
/// @param restored what the restored guest found
/// @param file the checkpoint; absent if it was not kept
/// @param problems what is not as it must be, one line each; empty if all is well
public record DemoReport(
    String qemuVersion,
    GuestLine.Hello hello,
    SaveReport save,
    Optional<Duration> pauseByTicks,
    Optional<Duration> longestGap,
    long ticksDuringSave,
    Restore restore,
    Restored restored,
    Optional<Path> file,
    List<String> problems) {
  /// Copies the list.
  public DemoReport {
    problems = List.copyOf(problems);
  }

  /// Whether the restored guest found everything as it must be.
  public boolean passed() {
    return problems.isEmpty();
  }

  /// What the restore cost.
  ///
  /// @param untilRunning from the start of QEMU until the guest ran
  /// @param load of this, from QEMU's monitor being there to all memory and devices loaded
  /// @param bytesSent length of the stream that QEMU was given
  public record Restore(Duration untilRunning, Duration load, long bytesSent) {}

  /// What the restored guest did.
  ///
  /// @param walks whole walks that it made
  /// @param pagesChecked pages it compared in the last of them
  /// @param wrong pages it found wrong
  /// @param lastTickOfSource the number of the last tick before the save began
  /// @param firstTick the number of its first tick
  /// @param ticks how many ticks there were
  /// @param elapsed how long it ran
  public record Restored(
      int walks,
      long pagesChecked,
      List<GuestLine.Wrong> wrong,
      long lastTickOfSource,
      long firstTick,
      long ticks,
      Duration elapsed) {
    /// Copies the list.
    public Restored {
      wrong = List.copyOf(wrong);
    }
  }
}
