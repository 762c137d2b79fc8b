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
      ArchiveInput input,
      List<Section> parts,
      BodyEncoding encoding,
      Facts facts,
      long bodyEnd,
      Arena arena)
      throws IOException {
    long blocks = facts.blocks();
    int blockContent = facts.blockContent();
    MemorySegment offsets = arena.allocate((blocks + 1) * 8, 8);
    long offset = (long) HeaderDescriptor.SIZE + encoding.header(blockContent).length;
    long block = 0;
    for (Section section : parts) {
      PackedPart part = PackedPart.of(input.payload(section));
      ByteCursor numbers = part.numbers(section.offset(), CONTEXT);
      if (part.first() != block || part.count() > blocks - block || part.runs() != 0) {
        throw numbers.malformed("a part that does not follow the one before");
      }
      for (long i = 0; i < part.count(); i++) {
        offsets.setAtIndex(ValueLayout.JAVA_LONG, block++, offset);
        offset += pieceLength(numbers, encoding, blockContent);
      }
      numbers.expectEnd();
    }
    if (block != blocks || offset + encoding.endMark().length != bodyEnd) {
      throw new StreamException.Malformed(
          "table of archive blocks that does not fit the body", bodyEnd, CONTEXT);
    }
    offsets.setAtIndex(ValueLayout.JAVA_LONG, blocks, offset);
    return new BlockTable(offsets, blocks);
  }

  private static long pieceLength(ByteCursor numbers, BodyEncoding encoding, int blockContent)
      throws StreamException {
    long length = encoding.pieceLength(numbers.varint());
    if (length < encoding.leastPiece() || length > encoding.mostPiece(blockContent)) {
      throw numbers.malformed("archive block of " + length + " bytes in the file");
    }
    return length;
  }

  long blocks() {
    return blocks;
  }

  /// Where a block starts; for the number of blocks, where the last ends.
  long offset(long block) {
    return offsets.getAtIndex(ValueLayout.JAVA_LONG, block);
  }

  /// Bytes of a block in the file, all of it included.
  int length(long block) {
    return (int) (offset(block + 1) - offset(block));
  }
}
