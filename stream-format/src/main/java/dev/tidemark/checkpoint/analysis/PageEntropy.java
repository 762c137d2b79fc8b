// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.analysis;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// The entropy of pages: bits per byte, as if each byte stood for itself. 0 for a page that one
/// byte fills, close to 8 for one of random bytes (7.95 for 4 KiB). Used by one thread.
final class PageEntropy {
  private final int pageSize;

  /// Four histograms, so that equal bytes behind each other do not wait for one counter.
  private final int[] counts = new int[4 * 256];

  /// For each count, what a byte of that count takes away.
  private final double[] shares;

  PageEntropy(int pageSize) {
    this.pageSize = pageSize;
    this.shares = new double[pageSize + 1];
    for (int count = 1; count <= pageSize; count++) {
      shares[count] = count * Math.log(count) / Math.log(2);
    }
  }

  /// The entropy of a page.
  ///
  /// @param page holds as many bytes as a page has
  double of(MemorySegment page) {
    Arrays.fill(counts, 0);
    for (int at = 0; at < pageSize; at += 8) {
      long bytes = page.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
      counts[(int) (bytes & 255)]++;
      counts[256 + (int) (bytes >>> 8 & 255)]++;
      counts[512 + (int) (bytes >>> 16 & 255)]++;
      counts[768 + (int) (bytes >>> 24 & 255)]++;
      counts[(int) (bytes >>> 32 & 255)]++;
      counts[256 + (int) (bytes >>> 40 & 255)]++;
      counts[512 + (int) (bytes >>> 48 & 255)]++;
      counts[768 + (int) (bytes >>> 56)]++;
    }
    double sum = 0;
    for (int i = 0; i < 256; i++) {
      sum += shares[counts[i] + counts[256 + i] + counts[512 + i] + counts[768 + i]];
    }
    return Math.max(0, (shares[pageSize] - sum) / pageSize);
  }
}
