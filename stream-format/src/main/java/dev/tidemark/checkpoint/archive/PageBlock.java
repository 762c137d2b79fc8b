// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.stream.ram.RamRecords;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// The pages of one archive block, as the records that the stream will hold.
///
/// Allocated once by [ArchiveWriter#newPageBlock] and used again and again: one thread fills it,
/// one compresses it ([PageBlockCompressor#compress]), one writes it ([ArchiveWriter#write]).
/// Ownership moves with the reference; a hand-over between threads has to publish it safely, as
/// any queue does. Filling allocates nothing.
public final class PageBlock {
  private static final int HEAD = BlockEncoder.HEAD;
  private static final int TAIL = BlockEncoder.TAIL;

  private final ArchiveWriter owner;
  private final RamLayout layout;
  private final int pageSize;
  private final int capacity;
  private final Slab plainSlab;
  private final Slab encodedSlab;
  private final MemorySegment plain;
  private final long[] records;

  private int fill;
  private int count;
  private int zeroes;
  private int namedBlock = -1;
  private MemorySegment piece;
  private boolean stored;
  private int pieceLength;

  PageBlock(ArchiveWriter owner, RamLayout layout, int capacity, int mostEncoded) {
    this.owner = owner;
    this.layout = layout;
    this.pageSize = layout.pageSize();
    this.capacity = capacity;
    this.plainSlab = Slab.allocate(HEAD + capacity + TAIL);
    this.encodedSlab = Slab.allocate(HEAD + mostEncoded + TAIL);
    this.plain = plainSlab.segment();
    this.records = new long[RecordPlaces.most(capacity)];
    this.piece = plain;
  }

  /// Adds a page with content. A later one of the same page replaces an earlier one, in this block
  /// as in blocks written before.
  ///
  /// @param ramBlock index of its RAM block
  /// @param pageOffset offset inside the RAM block in bytes, a multiple of the target page size
  /// @param window where its bytes are
  /// @param windowOffset where in `window` they start
  /// @return whether it was added; false if the block is full, which then is unchanged
  /// @throws IllegalArgumentException if there is no such page
  /// @throws IndexOutOfBoundsException if the window ends before the page does
  public boolean page(int ramBlock, long pageOffset, MemorySegment window, long windowOffset) {
    long number = layout.pageNumber(ramBlock, pageOffset);
    checkFilling();
    int data = header(ramBlock, RamRecords.PAGE, pageOffset, pageSize);
    if (data < 0) {
      return false;
    }
    MemorySegment.copy(window, windowOffset, plain, HEAD + data, pageSize);
    records[count++] = (number << PageLocation.OFFSET_BITS) | data;
    namedBlock = ramBlock;
    fill = data + pageSize;
    return true;
  }

  /// Adds a page that is all zeroes.
  ///
  /// @param ramBlock index of its RAM block
  /// @param pageOffset offset inside the RAM block in bytes, a multiple of the target page size
  /// @return whether it was added; false if the block is full, which then is unchanged
  /// @throws IllegalArgumentException if there is no such page
  public boolean zeroPage(int ramBlock, long pageOffset) {
    long number = layout.pageNumber(ramBlock, pageOffset);
    checkFilling();
    int data = header(ramBlock, RamRecords.ZERO, pageOffset, 1);
    if (data < 0) {
      return false;
    }
    plain.set(ValueLayout.JAVA_BYTE, HEAD + data, (byte) 0);
    records[count++] = number << PageLocation.OFFSET_BITS;
    zeroes++;
    namedBlock = ramBlock;
    fill = data + 1;
    return true;
  }

  /// Writes a record's header behind the last record, without counting it in yet.
  ///
  /// @return where the record's data go, or -1 if the record does not fit
  private int header(int ramBlock, int flag, long pageOffset, int dataLength) {
    byte @Nullable [] name = ramBlock == namedBlock ? null : layout.name(ramBlock);
    int data = fill + RamRecords.headerSize(name);
    if (data + dataLength > capacity) {
      return -1;
    }
    RamRecords.header(plain, HEAD + fill, flag, pageOffset, name);
    return data;
  }

  private void checkFilling() {
    if (pieceLength != 0) {
      throw new IllegalStateException("block is compressed; clear it first");
    }
  }

  /// Whether it holds no page.
  public boolean isEmpty() {
    return count == 0;
  }

  /// Pages it holds, zero pages included.
  public int pages() {
    return count;
  }

  /// Bytes of content: what the pages take in the stream.
  public int contentBytes() {
    return fill;
  }

  /// Makes it empty.
  public void clear() {
    fill = 0;
    count = 0;
    zeroes = 0;
    namedBlock = -1;
    pieceLength = 0;
  }

  ArchiveWriter owner() {
    return owner;
  }

  /// For each record, page number and offset of its data, packed as in [PageLocation]; the offset
  /// is 0 for a zero page.
  long[] records() {
    return records;
  }

  int zeroPages() {
    return zeroes;
  }

  Slab plain() {
    return plainSlab;
  }

  Slab encoded() {
    return encodedSlab;
  }

  /// The block as it stands in the file: size word, data, checksum.
  MemorySegment piece() {
    return piece;
  }

  /// Bytes of [#piece]; 0 while it is not compressed.
  int pieceLength() {
    return pieceLength;
  }

  /// Whether [#piece] is the content as it was filled.
  boolean isStored() {
    return stored;
  }

  void encodedAs(boolean asStored, int length) {
    stored = asStored;
    piece = asStored ? plain : encodedSlab.segment();
    pieceLength = length;
  }
}
