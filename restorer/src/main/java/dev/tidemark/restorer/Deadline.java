// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer;

import java.time.Duration;

/// A moment to be done by.
final class Deadline {
  private final long start = System.nanoTime();
  private final Duration limit;

  Deadline(Duration limit) {
    this.limit = limit;
  }

  Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - start);
  }

  boolean isOver() {
    return elapsed().compareTo(limit) >= 0;
  }

  Duration limit() {
    return limit;
  }
}
