// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.xxhash.XXHash32;
import net.jpountz.xxhash.XXHashFactory;

/// Makes blocks of the LZ4 frame.
///
/// Both slabs have room for a size word in front of their bytes and for a checksum behind them.
final class Lz4BlockEncoder implements BlockEncoder {
  private static final int HEAD = Lz4FrameDescriptor.SIZE_WORD_SIZE;

  private final boolean compressing;
  private final LZ4Compressor compressor = LZ4Factory.fastestInstance().fastCompressor();
  private final XXHash32 hash = XXHashFactory.fastestInstance().hash32();

  private boolean stored;

  /// @param compressing whether blocks are compressed at all
  Lz4BlockEncoder(boolean compressing) {
    this.compressing = compressing;
  }

  /// Most bytes that the data of a block can take while it is being compressed.
  static int mostEncoded(int content) {
    return LZ4Factory.fastestInstance().fastCompressor().maxCompressedLength(content);
  }

  @Override
  public boolean isStored() {
    return stored;
  }

  @Override
  public int encode(Slab plain, int length, Slab encoded) {
    if (compressing) {
      int room = encoded.buffer().capacity() - Lz4FrameDescriptor.BLOCK_OVERHEAD;
      int compressed =
          compressor.compress(plain.buffer(), HEAD, length, encoded.buffer(), HEAD, room);
      if (compressed < length) {
        stored = false;
        return seal(encoded, compressed, compressed);
      }
    }
    stored = true;
    return seal(plain, length, length | Lz4FrameDescriptor.STORED);
  }

  private int seal(Slab slab, int length, int sizeWord) {
    slab.segment().set(Bytes.LE_INT, 0, sizeWord);
    int checksum = hash.hash(slab.buffer(), HEAD, length, 0);
    slab.segment().set(Bytes.LE_INT, HEAD + length, checksum);
    return length + Lz4FrameDescriptor.BLOCK_OVERHEAD;
  }
}
