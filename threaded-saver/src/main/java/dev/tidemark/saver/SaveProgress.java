// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver;

import java.time.Duration;
import java.util.Optional;

/// How far a save is.
public sealed interface SaveProgress {
  /// Connecting, checking, setting up; nothing has been received.
  record SettingUp() implements SaveProgress {}

  /// Pages are arriving.
  ///
  /// @param iteration the dirty-sync count: 1 in the first pass
  /// @param receivedBytes bytes of the stream received so far
  /// @param ramBytes used length of all RAM blocks together; 0 while not known
  /// @param remainingBytes what QEMU says is still to be sent in this iteration; 0 while not known
  /// @param bytesPerSecond rate of the last quarter of a second
  /// @param dirtyBytesPerSecond how fast the guest dirties pages, as QEMU measured it; 0 while not
  ///     known
  /// @param elapsed since `migrate` was accepted
  /// @param eta until the end of this iteration at the present rate; absent while not known
  record Iterating(
      long iteration,
      long receivedBytes,
      long ramBytes,
      long remainingBytes,
      long bytesPerSecond,
      long dirtyBytesPerSecond,
      Duration elapsed,
      Optional<Duration> eta)
      implements SaveProgress {}

  /// The guest is what it was; what is buffered is being written.
  ///
  /// @param pages how many pages are still in the dirty-page table
  record Draining(long pages) implements SaveProgress {}

  /// The checkpoint stands under its final name.
  ///
  /// @param report what it cost
  record Completed(SaveReport report) implements SaveProgress {}
}
