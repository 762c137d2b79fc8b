// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.stream.StreamException;
import java.lang.foreign.MemorySegment;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import net.jpountz.xxhash.XXHash32;
import net.jpountz.xxhash.XXHashFactory;

/// Reads blocks of the LZ4 frame.
final class Lz4BlockDecoder implements BlockDecoder {
  private final int blockContent;
  private final Slab plain;
  private final LZ4SafeDecompressor decompressor = LZ4Factory.fastestInstance().safeDecompressor();
  private final XXHash32 hash = XXHashFactory.fastestInstance().hash32();

  private MemorySegment content;
  private int start;
  private int length;

  Lz4BlockDecoder(int blockContent) {
    this.blockContent = blockContent;
    this.plain = Slab.allocate(blockContent);
    this.content = plain.segment();
  }

  @Override
  public void decode(Slab encoded, int pieceLength, long fileOffset) throws StreamException {
    int dataLength = pieceLength - Lz4FrameDescriptor.BLOCK_OVERHEAD;
    MemorySegment bytes = encoded.segment();
    int sizeWord = bytes.get(Bytes.LE_INT, 0);
    if ((sizeWord & ~Lz4FrameDescriptor.STORED) != dataLength) {
      throw BlockReader.wrongSize(fileOffset);
    }
    int at = Lz4FrameDescriptor.SIZE_WORD_SIZE;
    int checksum = hash.hash(encoded.buffer(), at, dataLength, 0);
    if (checksum != bytes.get(Bytes.LE_INT, at + dataLength)) {
      throw BlockReader.wrongChecksum(fileOffset);
    }
    if ((sizeWord & Lz4FrameDescriptor.STORED) != 0) {
      content = bytes;
      start = at;
      length = dataLength;
      return;
    }
    content = plain.segment();
    start = 0;
    try {
      length =
          decompressor.decompress(
              encoded.buffer(), at, dataLength, plain.buffer(), 0, blockContent);
    } catch (LZ4Exception e) {
      throw BlockReader.undecodable(fileOffset);
    }
  }

  @Override
  public MemorySegment content() {
    return content;
  }

  @Override
  public int start() {
    return start;
  }

  @Override
  public int length() {
    return length;
  }
}
