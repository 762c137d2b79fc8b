// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The page index while an archive is written: one `long` a page in native memory, so that a newer
/// record replaces an older one at once.
final class PageIndexBuilder implements Closeable {
  /// A part is closed once it has this many bytes, which leaves room for one more run.
  private static final int FULL = PageIndexDescriptor.MAX_RAW - 64;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment locations;
  private final long pages;
  private final int stride;

  PageIndexBuilder(RamLayout layout) {
    this.pages = layout.pages();
    this.stride = RecordPlaces.stride(layout.pageSize());
    this.locations = arena.allocate(Math.max(8, pages * 8), 8);
  }

  /// Notes a block's records, which are newer than all before.
  void put(long archiveBlock, long[] records, int count) {
    for (int i = 0; i < count; i++) {
      long page = records[i] >>> PageLocation.OFFSET_BITS;
      int offset = PageLocation.offset(records[i]);
      long location = offset == 0 ? PageLocation.ZERO : PageLocation.data(archiveBlock, offset);
      locations.setAtIndex(ValueLayout.JAVA_LONG, page, location);
    }
  }

  /// Takes the parts of the index.
  @FunctionalInterface
  interface PartSink {
    void accept(PackedPart part) throws IOException;
  }

  /// Codes the index, part by part.
  ///
  /// @return the number of runs in all parts
  long encode(PartSink sink) throws IOException {
    ByteSink raw = new ByteSink();
    long first = 0;
    long all = 0;
    while (first < pages) {
      raw.clear();
      long page = first;
      long lastBlock = 0;
      int lastOffset = 0;
      int runs = 0;
      while (page < pages && raw.size() < FULL) {
        long location = location(page);
        long length = runLength(page, location);
        if (PageLocation.isData(location)) {
          encodeData(raw, length, location, lastBlock, lastOffset);
          lastBlock = PageLocation.block(location);
          lastOffset = PageLocation.offset(location);
        } else {
          int kind =
              location == PageLocation.MISSING
                  ? PageIndexDescriptor.KIND_MISSING
                  : PageIndexDescriptor.KIND_ZERO;
          raw.varint((length << 2) | kind);
        }
        page += length;
        runs++;
      }
      sink.accept(new PackedPart(first, page - first, runs, raw.array(), raw.size()));
      first = page;
      all += runs;
    }
    return all;
  }

  private static void encodeData(
      ByteSink raw, long length, long location, long lastBlock, int lastOffset) {
    long block = PageLocation.block(location);
    int offset = PageLocation.offset(location);
    if (block == lastBlock + 1 && offset == lastOffset) {
      raw.varint((length << 2) | PageIndexDescriptor.KIND_NEXT);
      return;
    }
    long delta = block - lastBlock;
    raw.varint((length << 2) | PageIndexDescriptor.KIND_DATA);
    raw.varint((delta << 1) ^ (delta >> 63));
    raw.varint(offset);
  }

  private long location(long page) {
    return locations.getAtIndex(ValueLayout.JAVA_LONG, page);
  }

  private long runLength(long page, long location) {
    long step = PageLocation.isData(location) ? stride : 0;
    long next = location;
    long end = page;
    do {
      end++;
      next += step;
    } while (end < pages && location(end) == next);
    return end - page;
  }

  @Override
  public void close() {
    arena.close();
  }
}
