// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.ram.MappedRam;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * The block list jumps over the regions. A seekable source is read at them when the pages are asked for, and
 * not touched otherwise. On a pipe the first block's pages come before the second block's name, so that all that
 * the list jumps over is kept until the list is whole. Either way the regions are a ByteSource, positions in it
 * are stream offsets, and they can be visited more than once.
 */

/// The bitmaps and pages of a `mapped-ram` stream.
final class MappedRegions {
  private static final String CONTEXT = "mapped-ram header";
  private static final String PAGES = "mapped-ram pages";

  /// Pages are read in pieces of this many bytes, from the first stored page in one to the last.
  private static final int PIECE = 1 << 20;

  private static final int BITMAP_PIECE = 1 << 16;

  private static final ValueLayout.OfLong LE64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// A block's place, by stream offsets.
  ///
  /// @param headerEnd behind the header
  /// @param bitmap of the bitmap
  /// @param pages of the first page
  record Region(RamBlock block, long headerEnd, long bitmap, long pages) {
    long end() {
      return pages + block.usedLength();
    }
  }

  private final StreamWindow in;
  private final int pageSize;
  private final long fileOffset;
  private final ByteSource bytes;
  private final List<Region> regions = new ArrayList<>();
  private final MemorySegment piece = Arena.ofAuto().allocate(PIECE, 4096);
  private final MemorySegment bits = Arena.ofAuto().allocate(BITMAP_PIECE, 8);

  /// Stream offset of the first byte of [#piece].
  private long pieceAt;

  /// @param source what the window reads, or null if that is a channel
  /// @param fileOffset where the stream starts in its file
  /// @param limit most bytes of content to keep from a channel
  MappedRegions(
      StreamWindow in, @Nullable ByteSource source, int pageSize, long fileOffset, long limit) {
    this.in = in;
    this.pageSize = pageSize;
    this.fileOffset = fileOffset;
    this.bytes = source == null ? new SparseBytes(limit) : source;
  }

  /// Stream offset of a byte of the memory that visitors get.
  long streamOffsetOf(long windowOffset) {
    return pieceAt + windowOffset;
  }

  List<Region> regions() {
    return regions;
  }

  List<RamBlock> blocks() {
    return regions.stream().map(Region::block).toList();
  }

  int pageSize() {
    return pageSize;
  }

  /// Where the stream starts in its file.
  long fileOffset() {
    return fileOffset;
  }

  /// The list has been read.
  void afterList() throws IOException {
    if (bytes instanceof SparseBytes sparse) {
      sparse.finish();
    }
  }

  /// Reads a block's header, and goes behind its pages.
  MappedRam pass(RamBlock block) throws IOException {
    long at = in.streamOffset();
    int version = in.be32(CONTEXT);
    if (version != MappedRamDescriptor.VERSION) {
      throw new StreamException.Unsupported(
          "mapped-ram header version " + Integer.toUnsignedString(version), at, CONTEXT);
    }
    long size = in.be64(CONTEXT);
    if (size != pageSize) {
      throw in.malformed(
          "page size 0x" + Long.toHexString(size) + " instead of 0x" + Long.toHexString(pageSize),
          at + 4,
          CONTEXT);
    }
    MappedRam place = new MappedRam(in.be64(CONTEXT), in.be64(CONTEXT));
    long headerEnd = in.streamOffset();
    long first = fileOffset + headerEnd;
    long bitmapBytes = MappedRamDescriptor.bitmapBytes(block.usedLength(), pageSize);
    if (place.pagesOffset() < first
        || place.pagesOffset() > Long.MAX_VALUE / 4
        || place.pagesOffset() % pageSize != 0) {
      throw in.malformed("pages at 0x" + Long.toHexString(place.pagesOffset()), at + 20, CONTEXT);
    }
    if (place.bitmapOffset() < 0) {
      throw in.malformed("bitmap at 0x" + Long.toHexString(place.bitmapOffset()), at + 12, CONTEXT);
    }
    if (place.bitmapOffset() < first || place.bitmapOffset() > place.pagesOffset() - bitmapBytes) {
      // QEMU's loader would seek; no writer puts it anywhere but between header and pages.
      throw new StreamException.Unsupported(
          "bitmap at 0x" + Long.toHexString(place.bitmapOffset()) + ", not before its pages",
          at + 12,
          CONTEXT);
    }
    Region region =
        new Region(
            block, headerEnd, place.bitmapOffset() - fileOffset, place.pagesOffset() - fileOffset);
    regions.add(region);
    if (bytes instanceof SparseBytes sparse) {
      sparse.take(in, region.end(), PAGES);
    } else {
      in.jumpTo(region.end(), PAGES);
    }
    return place;
  }

  /// Hands every stored page to a visitor, in the order of the file. Bits behind the last page mean
  /// nothing.
  void forEach(PageVisitor visitor) throws IOException {
    for (Region region : regions) {
      long pages = region.block().usedLength() / pageSize;
      long bytesOfBits = MappedRamDescriptor.bitmapBytes(region.block().usedLength(), pageSize);
      for (long done = 0; done < bytesOfBits; done += BITMAP_PIECE) {
        int count = (int) Math.min(BITMAP_PIECE, bytesOfBits - done);
        read(region.bitmap() + done, bits, count, "mapped-ram bitmap");
        forEach(visitor, region, done * 8, Math.min(pages - done * 8, count * 8L));
      }
    }
  }

  /// Hands over the stored ones of `count` pages whose bits have been read.
  private void forEach(PageVisitor visitor, Region region, long firstPage, long count)
      throws IOException {
    int pagesInPiece = PIECE / pageSize;
    for (long at = 0; at < count; at += pagesInPiece) {
      long end = Math.min(count, at + pagesInPiece);
      long first = nextSet(at, end);
      if (first == end) {
        continue;
      }
      long last = first;
      for (long page = first; page < end; page = nextSet(page + 1, end)) {
        last = page;
      }
      pieceAt = region.pages() + (firstPage + first) * pageSize;
      read(pieceAt, piece, (last - first + 1) * pageSize, PAGES);
      for (long page = first; page < end; page = nextSet(page + 1, end)) {
        visitor.page(
            region.block(), (firstPage + page) * pageSize, piece, (page - first) * pageSize);
      }
    }
  }

  /// The first set bit from `from` on; `end` if there is none before it.
  private long nextSet(long from, long end) {
    for (long bit = from; bit < end; bit = (bit | 63) + 1) {
      long word = bits.get(LE64, bit / 64 * 8) >>> bit;
      if (word != 0) {
        return Math.min(end, bit + Long.numberOfTrailingZeros(word));
      }
    }
    return end;
  }

  /// Copies bytes as they stand in the stream.
  void copyTo(StreamWriter out, long from, long end) throws IOException {
    for (long at = from; at < end; ) {
      long count = Math.min(PIECE, end - at);
      read(at, piece, count, PAGES);
      out.raw(piece, 0, count);
      at += count;
    }
  }

  private void read(long at, MemorySegment target, long count, String context) throws IOException {
    int got = bytes.read(at, target.asSlice(0, count));
    if (got < count) {
      throw new StreamException.Truncated("the stream ends", at + got, context);
    }
  }
}
