// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.mappedram;

import dev.tidemark.stream.MappedRamDescriptor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;

/// The bitmaps of a file, read piece by piece when they are asked for. At most 1 MiB of them is
/// kept: enough for 32 GiB of RAM.
///
/// May be used by several threads at once: a piece does not change once it is read, and reading one
/// twice does no harm.
final class StoredBits {
  /// Pages that a piece has bits for: 128 MiB of RAM.
  static final int PIECE_PAGES = 1 << 15;

  private static final int SLOTS = 256;

  private static final ValueLayout.OfLong LE64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MappedRamFile file;
  private final long[] firstPieces;
  private final AtomicReferenceArray<Piece> kept = new AtomicReferenceArray<>(SLOTS);

  StoredBits(MappedRamFile file) {
    this.file = file;
    List<RamBlock> blocks = file.blocks();
    firstPieces = new long[blocks.size()];
    for (int i = 1; i < firstPieces.length; i++) {
      firstPieces[i] = firstPieces[i - 1] + piecesOf(blocks.get(i - 1));
    }
  }

  private long piecesOf(RamBlock block) {
    return (block.usedLength() / file.pageSize() + PIECE_PAGES - 1) / PIECE_PAGES;
  }

  /// Bits of neighbouring pages of a block.
  ///
  /// @param number of the piece, over all blocks
  /// @param pages how many pages it has bits for; bits behind them are clear
  /// @param bits little-endian words
  record Piece(long number, int pages, MemorySegment bits) {
    boolean isSet(int page) {
      return (bits.get(ValueLayout.JAVA_BYTE, page >>> 3) >>> (page & 7) & 1) != 0;
    }

    /// The first page from `page` on whose bit is set; [#pages] if there is none.
    int nextSet(int page) {
      return next(page, 0);
    }

    /// The first page from `page` on whose bit is clear; [#pages] if there is none.
    int nextClear(int page) {
      return next(page, -1);
    }

    private int next(int page, long flip) {
      for (int bit = page; bit < pages; bit = (bit | 63) + 1) {
        long word = (bits.get(LE64, bit >>> 6 << 3) ^ flip) >>> bit;
        if (word != 0) {
          return Math.min(pages, bit + Long.numberOfTrailingZeros(word));
        }
      }
      return pages;
    }
  }

  boolean isSet(RamBlock block, long page) throws IOException {
    return piece(block, page).isSet((int) (page % PIECE_PAGES));
  }

  /// The piece that has the bit of a page.
  Piece piece(RamBlock block, long page) throws IOException {
    long inBlock = page / PIECE_PAGES;
    long number = firstPieces[block.index()] + inBlock;
    int slot = (int) (number % SLOTS);
    Piece piece = kept.get(slot);
    if (piece == null || piece.number() != number) {
      piece = read(block, inBlock, number);
      kept.set(slot, piece);
    }
    return piece;
  }

  private Piece read(RamBlock block, long inBlock, long number) throws IOException {
    long first = inBlock * PIECE_PAGES;
    int size = file.pageSize();
    int pages = (int) Math.min(PIECE_PAGES, block.usedLength() / size - first);
    MemorySegment bits =
        MemorySegment.ofArray(
            new byte[(int) MappedRamDescriptor.bitmapBytes((long) pages * size, size)]);
    file.read(file.place(block.index()).bitmapOffset() + first / 8, bits, "mapped-ram bitmap");
    if ((pages & 63) != 0) {
      // Bits behind the last page mean nothing.
      int last = pages >>> 6 << 3;
      bits.set(LE64, last, bits.get(LE64, last) & (1L << pages) - 1);
    }
    return new Piece(number, pages, bits);
  }

  /// Whether any page is marked as stored.
  boolean anySet() throws IOException {
    for (RamBlock block : file.blocks()) {
      long pages = block.usedLength() / file.pageSize();
      for (long page = 0; page < pages; page += PIECE_PAGES) {
        Piece piece = piece(block, page);
        if (piece.nextSet(0) < piece.pages()) {
          return true;
        }
      }
    }
    return false;
  }
}
