// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.bench;

/// What rivals compute is the same, or nothing is measured.
final class Gate {
  private Gate() {}

  static void same(String who, long actual, long expected) {
    if (actual != expected) {
      throw new AssertionError(who + " computes " + actual + " instead of " + expected);
    }
  }
}
