// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// Where each archive block is in the file: one `long` a block in native memory, and one for the
/// end of the last.
final class BlockTable {
  private static final String CONTEXT = "section BTAB";

  private final MemorySegment offsets;
  private final long blocks;

  private BlockTable(MemorySegment offsets, long blocks) {
    this.offsets = offsets;
    this.blocks = blocks;
  }

  /// Reads all parts.
  ///
  /// @param arena owns the table; the body's size bounds how many blocks there are
  static BlockTable read(
      ArchiveInput input, List<Section> parts, Facts facts, long bodyEnd, Arena arena)
      throws IOException {
    long blocks = facts.blocks();
    MemorySegment offsets = arena.allocate((blocks + 1) * 8, 8);
    long offset = HeaderDescriptor.SIZE + Lz4FrameDescriptor.HEADER_SIZE;
    long block = 0;
    for (Section section : parts) {
      PackedPart part = PackedPart.of(input.payload(section));
      ByteCursor numbers = part.numbers(section.offset(), CONTEXT);
      if (part.first() != block || part.count() > blocks - block || part.runs() != 0) {
        throw numbers.malformed("a part that does not follow the one before");
      }
      for (long i = 0; i < part.count(); i++) {
        offsets.setAtIndex(ValueLayout.JAVA_LONG, block++, offset);
        offset += size(numbers, facts.blockContent()) + Lz4FrameDescriptor.BLOCK_OVERHEAD;
      }
      numbers.expectEnd();
    }
    if (block != blocks || offset + Lz4FrameDescriptor.END_MARK_SIZE != bodyEnd) {
      throw new StreamException.Malformed(
          "table of archive blocks that does not fit the body", bodyEnd, CONTEXT);
    }
    offsets.setAtIndex(ValueLayout.JAVA_LONG, blocks, offset);
    return new BlockTable(offsets, blocks);
  }

  private static long size(ByteCursor numbers, int blockContent) throws StreamException {
    long size = numbers.varint() >>> 1;
    if (size < 1 || size > blockContent) {
      throw numbers.malformed("archive block of " + size + " bytes");
    }
    return size;
  }

  long blocks() {
    return blocks;
  }

  /// Where a block starts, its size word first; for the number of blocks, where the last ends.
  long offset(long block) {
    return offsets.getAtIndex(ValueLayout.JAVA_LONG, block);
  }

  /// Bytes of a block in the file, size word and checksum included.
  int length(long block) {
    return (int) (offset(block + 1) - offset(block));
  }
}
