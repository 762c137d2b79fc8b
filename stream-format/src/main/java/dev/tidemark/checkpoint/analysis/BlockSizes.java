// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.analysis;

import com.github.luben.zstd.Zstd;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;

/// Compresses pages in blocks and adds up what the blocks take. Used by one thread.
final class BlockSizes {
  private static final int BLOCK = 64 << 10;
  private static final int LEVEL = 3;

  private final LZ4Compressor compressor = LZ4Factory.fastestInstance().fastCompressor();
  private final ByteBuffer plain = ByteBuffer.allocateDirect(BLOCK);
  private final ByteBuffer encoded =
      ByteBuffer.allocateDirect(
          (int) Math.max(compressor.maxCompressedLength(BLOCK), Zstd.compressBound(BLOCK)));
  private int filled;
  private long lz4;
  private long zstd;

  /// Adds a page, of at most 64 KiB.
  void add(MemorySegment page) {
    int length = (int) page.byteSize();
    if (filled + length > BLOCK) {
      finish();
    }
    MemorySegment.copy(page, 0, MemorySegment.ofBuffer(plain), filled, length);
    filled += length;
  }

  /// Compresses what has come since the last block.
  void finish() {
    if (filled == 0) {
      return;
    }
    lz4 += Math.min(filled, compressor.compress(plain, 0, filled, encoded, 0, encoded.capacity()));
    long size =
        Zstd.compressDirectByteBuffer(encoded, 0, encoded.capacity(), plain, 0, filled, LEVEL);
    zstd += Zstd.isError(size) ? filled : Math.min(filled, size);
    filled = 0;
  }

  /// Bytes of all blocks by LZ4.
  long lz4() {
    return lz4;
  }

  /// Bytes of all blocks by zstd.
  long zstd() {
    return zstd;
  }
}
