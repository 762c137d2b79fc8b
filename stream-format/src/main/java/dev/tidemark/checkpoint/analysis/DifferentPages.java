// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.analysis;

import dev.tidemark.checkpoint.analysis.RamDiff.Difference;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The pages of a RAM block that differ: a byte each, in chunks that are there only where something
/// differs. Filled by several threads, read when they have ended.
public final class DifferentPages {
  static final int CHUNK_PAGES = 1 << 12;

  /// Code 1 is the first.
  private static final List<Difference> CODES =
      List.of(Difference.CONTENT, Difference.ONLY_FIRST, Difference.ONLY_SECOND);

  /// One chunk for all whose pages all differ in the same way.
  private static final byte[][] UNIFORM = new byte[CODES.size()][CHUNK_PAGES];

  static {
    for (int i = 0; i < UNIFORM.length; i++) {
      Arrays.fill(UNIFORM[i], (byte) (i + 1));
    }
  }

  private final Map<Long, byte[]> chunks = new HashMap<>();
  private final long[] counts = new long[CODES.size()];

  DifferentPages() {}

  /// What stands for a difference in [#add].
  static byte code(Difference difference) {
    return (byte) (CODES.indexOf(difference) + 1);
  }

  /// Adds what was found.
  ///
  /// @param chunk which pages: those from `chunk * CHUNK_PAGES` on
  /// @param found for each page 0, or [#code] of the difference; not shared
  synchronized void add(long chunk, byte[] found) {
    boolean uniform = true;
    boolean different = false;
    for (byte code : found) {
      uniform &= code == found[0];
      if (code != 0) {
        counts[code - 1]++;
        different = true;
      }
    }
    if (different) {
      chunks.put(chunk, uniform && found.length == CHUNK_PAGES ? UNIFORM[found[0] - 1] : found);
    }
  }

  /// Pages that differ in a way.
  synchronized long count(Difference difference) {
    return counts[code(difference) - 1];
  }

  /// Takes runs.
  @FunctionalInterface
  interface RunVisitor {
    void run(long firstPage, long endPage, Difference difference) throws IOException;
  }

  /// Visits runs of pages that differ in the same way, in order.
  void forEachRun(long pages, RunVisitor visitor) throws IOException {
    long start = 0;
    byte code = 0;
    for (long chunk = 0; chunk * CHUNK_PAGES < pages; chunk++) {
      byte[] found = chunk(chunk);
      int length = found == null ? 1 : found.length;
      for (int i = 0; i < length; i++) {
        byte next = found == null ? 0 : found[i];
        if (next != code) {
          long page = chunk * CHUNK_PAGES + i;
          if (code != 0) {
            visitor.run(start, page, CODES.get(code - 1));
          }
          start = page;
          code = next;
        }
      }
    }
    if (code != 0) {
      visitor.run(start, pages, CODES.get(code - 1));
    }
  }

  private synchronized byte @Nullable [] chunk(long chunk) {
    return chunks.get(chunk);
  }
}
