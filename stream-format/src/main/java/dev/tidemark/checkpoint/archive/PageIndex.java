// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.RamRecords;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// The page index of an archive that is read: runs of pages in native memory, found by bisection.
///
/// ```
///  +-------------------------------+-------------------------------+
///  |     first page of the run     |  PageLocation of that page    |   16 bytes a run
///  +-------------------------------+-------------------------------+
/// ```
final class PageIndex {
  private static final String CONTEXT = "section PIDX";
  private static final int RUN_SIZE = 16;

  /// Index memory that is granted whatever the size of the file.
  private static final long GRANTED = 64 << 20;

  private final MemorySegment runs;
  private final long count;
  private final long pages;
  private final int stride;

  private PageIndex(MemorySegment runs, long count, long pages, int stride) {
    this.runs = runs;
    this.count = count;
    this.pages = pages;
    this.stride = stride;
  }

  /// Reads all parts.
  ///
  /// @param arena owns the index; the file's size bounds how large it gets
  static PageIndex read(
      ArchiveInput input, List<Section> parts, Facts facts, RamLayout layout, Arena arena)
      throws IOException {
    long count = facts.indexRuns();
    long most = (GRANTED + 2 * input.size()) / RUN_SIZE;
    if (count > most) {
      throw new StreamException.LimitExceeded(
          "page index of " + count + " runs, limit " + most, input.size(), CONTEXT);
    }
    MemorySegment runs = arena.allocate(Math.max(1, count) * RUN_SIZE, 8);
    Loader loader = new Loader(runs, facts, layout);
    for (Section section : parts) {
      PackedPart part = PackedPart.of(input.payload(section));
      loader.add(part, part.numbers(section.offset(), CONTEXT));
    }
    if (loader.run != count || loader.page != layout.pages()) {
      throw new StreamException.Malformed(
          "page index of " + loader.page + " pages in " + loader.run + " runs",
          input.size(),
          CONTEXT);
    }
    return new PageIndex(runs, count, layout.pages(), RecordPlaces.stride(layout.pageSize()));
  }

  /// Unpacks parts one after the other.
  private static final class Loader {
    private final MemorySegment runs;
    private final long maxRuns;
    private final long pages;
    private final long firstBlock;
    private final long endBlock;
    private final int pageSize;
    private final int blockContent;

    private long run;
    private long page;
    private long block;
    private int offset;

    Loader(MemorySegment runs, Facts facts, RamLayout layout) {
      this.runs = runs;
      this.maxRuns = facts.indexRuns();
      this.pages = layout.pages();
      this.firstBlock = facts.prologueBlocks();
      this.endBlock = firstBlock + facts.pageBlocks();
      this.pageSize = layout.pageSize();
      this.blockContent = facts.blockContent();
    }

    void add(PackedPart part, ByteCursor numbers) throws StreamException {
      if (part.first() != page || part.count() > pages - page || part.runs() > maxRuns - run) {
        throw numbers.malformed("a part that does not follow the one before");
      }
      long end = page + part.count();
      block = 0;
      offset = 0;
      for (int i = 0; i < part.runs(); i++) {
        long head = numbers.varint();
        long length = head >>> 2;
        if (length < 1 || length > end - page) {
          throw numbers.malformed("run of " + length + " pages");
        }
        long location = location((int) (head & 3), length, numbers);
        runs.setAtIndex(ValueLayout.JAVA_LONG, run * 2, page);
        runs.setAtIndex(ValueLayout.JAVA_LONG, run * 2 + 1, location);
        run++;
        page += length;
      }
      numbers.expectEnd();
      if (page != end) {
        throw numbers.malformed("a part that ends before its last page");
      }
    }

    private long location(int kind, long length, ByteCursor numbers) throws StreamException {
      switch (kind) {
        case PageIndexDescriptor.KIND_MISSING -> {
          return PageLocation.MISSING;
        }
        case PageIndexDescriptor.KIND_ZERO -> {
          return PageLocation.ZERO;
        }
        case PageIndexDescriptor.KIND_DATA -> {
          long zigzag = numbers.varint();
          block += (zigzag >>> 1) ^ -(zigzag & 1);
          long at = numbers.varint();
          offset = (int) Math.min(at, Integer.MAX_VALUE);
        }
        default -> block++;
      }
      long last = offset + (length - 1) * (pageSize + RamRecords.SIZE_WORD);
      if (block < firstBlock
          || block >= endBlock
          || offset < RamRecords.SIZE_WORD
          || length > blockContent
          || last + pageSize > blockContent) {
        throw numbers.malformed("run that leads out of the pages");
      }
      return PageLocation.data(block, offset);
    }
  }

  /// Number of runs.
  long runs() {
    return count;
  }

  /// First page of a run; for the number of runs, the number of pages.
  long firstPage(long run) {
    return run == count ? pages : runs.getAtIndex(ValueLayout.JAVA_LONG, run * 2);
  }

  /// Where a run's first page is; the others follow at [RecordPlaces#stride].
  long location(long run) {
    return runs.getAtIndex(ValueLayout.JAVA_LONG, run * 2 + 1);
  }

  /// The run that holds a page.
  long runOf(long page) {
    long low = 0;
    long high = count - 1;
    while (low < high) {
      long middle = (low + high + 1) >>> 1;
      if (firstPage(middle) <= page) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /// Where a page's newest record is.
  long locationOf(long page) {
    long run = runOf(page);
    long location = location(run);
    return PageLocation.isData(location) ? location + (page - firstPage(run)) * stride : location;
  }

  /// The first page behind a page, up to a limit, that is of another kind; the limit, if there is
  /// none.
  long endOfKind(long page, long limit) {
    long run = runOf(page);
    PageKind kind = PageLocation.kind(location(run));
    do {
      run++;
    } while (run < count && firstPage(run) < limit && PageLocation.kind(location(run)) == kind);
    return Math.min(limit, firstPage(run));
  }

  /// Counts pages of a kind in a range of pages.
  long count(PageKind kind, long from, long to) {
    long sum = 0;
    long page = from;
    for (long run = from < to ? runOf(from) : count; run < count && page < to; run++) {
      long end = Math.min(to, firstPage(run + 1));
      if (PageLocation.kind(location(run)) == kind) {
        sum += end - page;
      }
      page = end;
    }
    return sum;
  }
}
