// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.RamRecords;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Takes the page records of an archive block apart and refuses what is none. Used by one thread;
/// allocates nothing.
final class RecordParser {
  private final RamLayout layout;
  private final int pageSize;

  private MemorySegment content = MemorySegment.NULL;
  private long start;
  private int length;
  private long fileOffset;

  /// Takes records in the order of the block.
  interface Visitor {
    /// A page with content.
    ///
    /// @param page its page number
    /// @param data offset of its bytes in the block's content
    void data(int ramBlock, long pageOffset, long page, int data) throws IOException;

    /// A zero page.
    ///
    /// @param page its page number
    void zero(int ramBlock, long pageOffset, long page) throws IOException;
  }

  RecordParser(RamLayout layout) {
    this.layout = layout;
    this.pageSize = layout.pageSize();
  }

  /// Parses a block.
  ///
  /// @param block has its content
  /// @param offset where the block stands in the file, for messages
  /// @throws StreamException.Malformed if there is anything but whole records of pages
  void parse(BlockDecoder block, long offset, Visitor visitor) throws IOException {
    content = block.content();
    start = block.start();
    length = block.length();
    fileOffset = offset;
    int at = 0;
    int ramBlock = -1;
    while (at < length) {
      need(at, RecordPlaces.MIN_SIZE);
      long word = content.get(Bytes.BE_LONG, start + at);
      int flags = (int) (word & (pageSize - 1));
      int data = at + RamRecords.SIZE_WORD;
      if ((flags & RamRecords.CONTINUE) == 0) {
        ramBlock = ramBlock(data, ramBlock);
        data += 1 + layout.name(ramBlock).length;
      } else if (ramBlock < 0) {
        throw malformed("first record does not name its RAM block");
      }
      at = record(flags & ~RamRecords.CONTINUE, ramBlock, word & -pageSize, data, visitor);
    }
  }

  private void need(int at, int bytes) throws StreamException {
    if (bytes > length - at) {
      throw malformed("record reaches beyond its block");
    }
  }

  private StreamException malformed(String what) {
    return new StreamException.Malformed(what, fileOffset, BlockReader.CONTEXT);
  }

  private int ramBlock(int at, int guess) throws StreamException {
    need(at, 1 + (content.get(ValueLayout.JAVA_BYTE, start + at) & 0xff));
    int count = layout.blocks().size();
    for (int i = 0; i < count; i++) {
      int candidate = (i + Math.max(0, guess)) % count;
      if (RecordPlaces.isName(content, start + at, layout.name(candidate))) {
        return candidate;
      }
    }
    throw malformed("record names an unknown RAM block");
  }

  /// @return where the next record starts
  private int record(int kind, int ramBlock, long pageOffset, int data, Visitor visitor)
      throws IOException {
    if (pageOffset < 0 || pageOffset >= layout.blocks().get(ramBlock).usedLength()) {
      throw malformed("page 0x" + Long.toHexString(pageOffset) + " beyond its RAM block");
    }
    long page = layout.pageNumber(ramBlock, pageOffset);
    if (kind == RamRecords.PAGE) {
      need(data, pageSize);
      visitor.data(ramBlock, pageOffset, page, data);
      return data + pageSize;
    }
    if (kind != RamRecords.ZERO) {
      throw malformed("record with flags 0x" + Integer.toHexString(kind));
    }
    need(data, 1);
    if (content.get(ValueLayout.JAVA_BYTE, start + data) != 0) {
      throw malformed("zero page with another fill byte");
    }
    visitor.zero(ramBlock, pageOffset, page);
    return data + 1;
  }
}
