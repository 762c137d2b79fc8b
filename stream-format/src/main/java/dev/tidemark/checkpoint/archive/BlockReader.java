// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import net.jpountz.xxhash.XXHash32;
import net.jpountz.xxhash.XXHashFactory;

/// Reads archive blocks, one at a time, and keeps the last. Used by one thread at a time.
final class BlockReader {
  static final String CONTEXT = "archive block";

  private final ArchiveInput input;
  private final BlockTable table;
  private final int blockContent;
  private final Slab encoded;
  private final Slab plain;
  private final LZ4SafeDecompressor decompressor = LZ4Factory.fastestInstance().safeDecompressor();
  private final XXHash32 hash = XXHashFactory.fastestInstance().hash32();

  private long block = -1;
  private MemorySegment content;
  private int start;
  private int length;

  BlockReader(ArchiveInput input, BlockTable table, int blockContent) {
    this.input = input;
    this.table = table;
    this.blockContent = blockContent;
    this.encoded = Slab.allocate(blockContent + Lz4FrameDescriptor.BLOCK_OVERHEAD);
    this.plain = Slab.allocate(blockContent);
    this.content = plain.segment();
  }

  /// The block it holds, or -1.
  long block() {
    return block;
  }

  /// The segment that has the content, from [#start] on, [#length] bytes.
  MemorySegment content() {
    return content;
  }

  int start() {
    return start;
  }

  int length() {
    return length;
  }

  /// Reads and checks a block, unless it is the one at hand.
  ///
  /// @param wanted a block of the table
  void load(long wanted) throws IOException {
    if (block == wanted) {
      return;
    }
    block = -1;
    long offset = table.offset(wanted);
    int pieceLength = table.length(wanted);
    int dataLength = pieceLength - Lz4FrameDescriptor.BLOCK_OVERHEAD;
    MemorySegment bytes = encoded.segment();
    input.read(offset, bytes.asSlice(0, pieceLength), CONTEXT);
    int sizeWord = bytes.get(Bytes.LE_INT, 0);
    if ((sizeWord & ~Lz4FrameDescriptor.STORED) != dataLength) {
      throw new StreamException.Malformed(
          "block size that the table of blocks does not have", offset, CONTEXT);
    }
    int at = Lz4FrameDescriptor.SIZE_WORD_SIZE;
    int checksum = hash.hash(encoded.buffer(), at, dataLength, 0);
    if (checksum != bytes.get(Bytes.LE_INT, at + dataLength)) {
      throw new StreamException.Malformed("block checksum wrong", offset, CONTEXT);
    }
    if ((sizeWord & Lz4FrameDescriptor.STORED) != 0) {
      content = bytes;
      start = at;
      length = dataLength;
    } else {
      decompress(offset, dataLength);
    }
    block = wanted;
  }

  private void decompress(long offset, int dataLength) throws StreamException {
    content = plain.segment();
    start = 0;
    try {
      length =
          decompressor.decompress(
              encoded.buffer(),
              Lz4FrameDescriptor.SIZE_WORD_SIZE,
              dataLength,
              plain.buffer(),
              0,
              blockContent);
    } catch (LZ4Exception e) {
      throw new StreamException.Malformed("block does not decompress", offset, CONTEXT);
    }
  }

  /// Where the page at an index entry starts in [#content], once it is sure that it is that page.
  ///
  /// @param location a location in the block at hand
  /// @return offset in [#content]
  long pageAt(long location, RamLayout layout, int ramBlock, long pageOffset)
      throws StreamException {
    int data = PageLocation.offset(location);
    if (data + layout.pageSize() > length
        || !RecordPlaces.isRecordOf(content, start, data, pageOffset, layout.name(ramBlock))) {
      throw RecordPlaces.wrongRecord(
          pageOffset, layout.blocks().get(ramBlock).idstr(), table.offset(block));
    }
    return (long) start + data;
  }
}
