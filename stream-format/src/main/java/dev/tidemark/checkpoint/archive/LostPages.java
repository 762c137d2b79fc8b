// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import java.util.ArrayList;
import java.util.List;

/// Counts lost pages, told in ascending order, and remembers the first ranges of them.
final class LostPages {
  private final RamLayout layout;
  private final List<PageRange> ranges = new ArrayList<>();
  private long count;
  private long rangeStart = -1;
  private long rangeEnd = -1;

  LostPages(RamLayout layout) {
    this.layout = layout;
  }

  /// Adds pages.
  ///
  /// @param from the first one's page number, not below those added before
  /// @param to behind the last
  void add(long from, long to) {
    count += to - from;
    if (from != rangeEnd) {
      flush();
      rangeStart = from;
    }
    rangeEnd = to;
  }

  private void flush() {
    long from = rangeStart;
    while (from < rangeEnd && ranges.size() < SalvageReport.MOST_RANGES) {
      int block = layout.blockOf(from);
      long to = Math.min(rangeEnd, layout.firstPage(block + 1));
      long offset = (from - layout.firstPage(block)) << layout.pageShift();
      ranges.add(new PageRange(layout.blocks().get(block), offset, to - from));
      from = to;
    }
    rangeEnd = -1;
  }

  long count() {
    return count;
  }

  /// The ranges; nothing can be added any more.
  List<PageRange> ranges() {
    flush();
    return ranges;
  }
}
