// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import java.time.Duration;

/// The time between the arrivals of two ticks that followed each other.
///
/// @param length the time
/// @param startNanos when the first of the two arrived, as [System#nanoTime] counts
/// @param tickBefore the number of the first
/// @param tickAfter the number of the second
public record TickGap(Duration length, long startNanos, long tickBefore, long tickAfter) {
  /// How much longer it was than it should have been.
  ///
  /// @param tickMillis what it should have been
  /// @return zero or more
  public Duration beyond(int tickMillis) {
    Duration more = length.minusMillis(tickMillis);
    return more.isNegative() ? Duration.ZERO : more;
  }
}
