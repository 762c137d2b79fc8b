// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.mappedram;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Tells pages of nothing but zeroes.
final class ZeroPages {
  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED;

  private ZeroPages() {}

  /// Whether bytes are all zero.
  ///
  /// @param length a multiple of 64
  static boolean isZero(MemorySegment bytes, long offset, int length) {
    for (long at = offset; at < offset + length; at += 64) {
      long any =
          bytes.get(WORD, at)
              | bytes.get(WORD, at + 8)
              | bytes.get(WORD, at + 16)
              | bytes.get(WORD, at + 24)
              | bytes.get(WORD, at + 32)
              | bytes.get(WORD, at + 40)
              | bytes.get(WORD, at + 48)
              | bytes.get(WORD, at + 56);
      if (any != 0) {
        return false;
      }
    }
    return true;
  }
}
