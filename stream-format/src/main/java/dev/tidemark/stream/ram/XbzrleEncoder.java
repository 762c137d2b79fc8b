// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.ram;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Turns pages into records as QEMU does with the `xbzrle` capability: a page that was sent before,
/// and whose former version is still in the cache, becomes an XBZRLE record, or none if it has not
/// changed.
///
/// The cache has a fixed number of places, outside the heap; each page has one place that it shares
/// with others. One encoder serves a whole stream, section by section:
///
/// ```java
/// XbzrleEncoder encoder = new XbzrleEncoder(4096, 64 << 20);
/// RamSectionWriter part = out.beginRam(Phase.PART, header, List.of());
/// pages.forEach(encoder.into(part));
/// part.end();
/// ```
///
/// Nothing is allocated per page. Used by one thread at a time.
///
/// Format: `save_xbzrle_page` in `migration/ram.c`, QEMU 10.0.2.
public final class XbzrleEncoder {
  /// A delta's length is 16 bits.
  private static final int MAX_DELTA = 0xffff;

  private static final int EMPTY = -1;

  private final int pageSize;
  private final MemorySegment cache;
  private final int[] cachedBlock;
  private final long[] cachedOffset;
  private final MemorySegment delta;
  private final MemorySegment zeroes;
  private int lastBlock = EMPTY;

  /// An encoder with an empty cache.
  ///
  /// @param targetPageSize bytes of a page, a valid target page size
  /// @param cacheBytes size of the cache; at least one page is cached
  public XbzrleEncoder(int targetPageSize, long cacheBytes) {
    int places = Math.clamp(cacheBytes / targetPageSize, 1, Integer.MAX_VALUE - 8);
    pageSize = targetPageSize;
    cache = Arena.ofAuto().allocate((long) places * pageSize, 4096);
    delta = Arena.ofAuto().allocate(pageSize);
    zeroes = Arena.ofAuto().allocate(pageSize);
    cachedBlock = new int[places];
    cachedOffset = new long[places];
    Arrays.fill(cachedBlock, EMPTY);
  }

  /// A visitor whose pages go out as records.
  ///
  /// @param out takes the records; a block is named where it is another than that of the record
  ///     before
  public PageVisitor into(RamRecordVisitor out) {
    return new Encoding(out);
  }

  private final class Encoding implements PageVisitor {
    private final RamRecordVisitor out;

    Encoding(RamRecordVisitor out) {
      this.out = out;
    }

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset)
        throws IOException {
      int place = place(block, pageOffset);
      long cachedAt = (long) place * pageSize;
      int length = Xbzrle.OVERFLOW;
      if (holds(place, block, pageOffset)) {
        int limit = Math.min(pageSize, MAX_DELTA);
        length = Xbzrle.encode(cache, cachedAt, window, windowOffset, pageSize, delta, 0, limit);
        if (length == Xbzrle.UNCHANGED) {
          return;
        }
      }
      MemorySegment.copy(window, windowOffset, cache, cachedAt, pageSize);
      cachedBlock[place] = block.index();
      cachedOffset[place] = pageOffset;
      boolean continued = continues(block);
      if (length == Xbzrle.OVERFLOW) {
        out.page(block, pageOffset, continued, window, windowOffset);
      } else {
        out.xbzrlePage(block, pageOffset, continued, delta, 0, length);
      }
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) throws IOException {
      int place = place(block, pageOffset);
      if (holds(place, block, pageOffset)) {
        MemorySegment.copy(zeroes, 0, cache, (long) place * pageSize, pageSize);
      }
      out.zeroPage(block, pageOffset, continues(block), (byte) 0);
    }

    private boolean continues(RamBlock block) {
      boolean continued = lastBlock == block.index();
      lastBlock = block.index();
      return continued;
    }
  }

  private int place(RamBlock block, long pageOffset) {
    // Neighbours have places of their own; blocks start at different ones.
    return (int)
        Long.remainderUnsigned(
            pageOffset / pageSize + block.index() * 0x9e3779b9L, cachedBlock.length);
  }

  private boolean holds(int place, RamBlock block, long pageOffset) {
    return cachedBlock[place] == block.index() && cachedOffset[place] == pageOffset;
  }
}
