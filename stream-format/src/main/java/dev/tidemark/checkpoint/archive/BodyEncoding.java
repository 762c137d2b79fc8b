// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import com.github.luben.zstd.Zstd;
import java.lang.foreign.MemorySegment;
import net.jpountz.lz4.LZ4Factory;

/// What the body is: one LZ4 frame of blocks, or one zstd frame a block.
enum BodyEncoding {
  /// One LZ4 frame. The number in the table of blocks is `bytes of data << 1 | stored`.
  LZ4(1) {
    @Override
    byte[] header(int blockContent) {
      return Lz4FrameDescriptor.header(blockContent);
    }

    @Override
    byte[] endMark() {
      return new byte[Lz4FrameDescriptor.END_MARK_SIZE];
    }

    @Override
    int leastPiece() {
      return Lz4FrameDescriptor.BLOCK_OVERHEAD + 1;
    }

    @Override
    int mostPiece(int blockContent) {
      return Lz4FrameDescriptor.BLOCK_OVERHEAD + blockContent;
    }

    @Override
    int mostEncoded(int blockContent) {
      return LZ4Factory.fastestInstance().fastCompressor().maxCompressedLength(blockContent);
    }

    @Override
    int endStored() {
      return Lz4FrameDescriptor.LAST_BLOCK;
    }

    @Override
    long tableNumber(int pieceLength, boolean stored) {
      return ((long) (pieceLength - Lz4FrameDescriptor.BLOCK_OVERHEAD) << 1) | (stored ? 1 : 0);
    }

    @Override
    long pieceLength(long tableNumber) {
      return (tableNumber >>> 1) + Lz4FrameDescriptor.BLOCK_OVERHEAD;
    }

    @Override
    BlockEncoder newEncoder(Compression compression, int level) {
      return new Lz4BlockEncoder(compression != Compression.NONE);
    }

    @Override
    BlockDecoder newDecoder(int blockContent) {
      return new Lz4BlockDecoder(blockContent);
    }

    @Override
    int blockLength(MemorySegment bytes, int available, int blockContent) {
      if (available < Lz4FrameDescriptor.SIZE_WORD_SIZE) {
        return CUT;
      }
      int size = bytes.get(Bytes.LE_INT, 0) & ~Lz4FrameDescriptor.STORED;
      if (size < 1 || size > blockContent) {
        return NO_BLOCK;
      }
      int length = size + Lz4FrameDescriptor.BLOCK_OVERHEAD;
      return length > available ? CUT : length;
    }
  },

  /// One zstd frame a block. The number in the table of blocks is `bytes << 1`.
  ZSTD(2) {
    @Override
    byte[] header(int blockContent) {
      return new byte[0];
    }

    @Override
    byte[] endMark() {
      return new byte[0];
    }

    @Override
    int leastPiece() {
      return ZstdFrameDescriptor.LEAST;
    }

    @Override
    int mostPiece(int blockContent) {
      return ZstdFrameDescriptor.OVERHEAD + blockContent;
    }

    @Override
    int mostEncoded(int blockContent) {
      return (int) Zstd.compressBound(blockContent);
    }

    @Override
    int endStored() {
      return 0;
    }

    @Override
    long tableNumber(int pieceLength, boolean stored) {
      return (long) pieceLength << 1;
    }

    @Override
    long pieceLength(long tableNumber) {
      return (tableNumber & 1) == 0 ? tableNumber >>> 1 : -1;
    }

    @Override
    BlockEncoder newEncoder(Compression compression, int level) {
      return new ZstdBlockEncoder(level);
    }

    @Override
    BlockDecoder newDecoder(int blockContent) {
      return new ZstdBlockDecoder(blockContent);
    }

    @Override
    int blockLength(MemorySegment bytes, int available, int blockContent) {
      return ZstdFrameDescriptor.frameLength(bytes, available, blockContent);
    }
  };

  private final int number;

  BodyEncoding(int number) {
    this.number = number;
  }

  static BodyEncoding of(Compression compression) {
    return switch (compression) {
      case LZ4, NONE -> LZ4;
      case ZSTD -> ZSTD;
    };
  }

  /// How the header calls it.
  int number() {
    return number;
  }

  /// What the body begins with, before its first block.
  abstract byte[] header(int blockContent);

  /// What the body ends with, behind its last block.
  abstract byte[] endMark();

  /// Fewest bytes of a block in the file.
  abstract int leastPiece();

  /// Most bytes of a block in the file.
  abstract int mostPiece(int blockContent);

  /// Most bytes that compressing a block may need.
  abstract int mostEncoded(int blockContent);

  /// How many of the last bytes of content are stored, in a block of their own.
  abstract int endStored();

  /// A block's number in the table of blocks.
  abstract long tableNumber(int pieceLength, boolean stored);

  /// Bytes of a block in the file by its number in the table of blocks; anything if that is wrong.
  abstract long pieceLength(long tableNumber);

  /// An encoder for one thread.
  abstract BlockEncoder newEncoder(Compression compression, int level);

  /// A decoder for one thread.
  abstract BlockDecoder newDecoder(int blockContent);

  /// How long the block is that bytes begin with, as it says itself; [#CUT] where the bytes end
  /// before
  /// it does, [#NO_BLOCK] where no block begins so.
  abstract int blockLength(MemorySegment bytes, int available, int blockContent);

  static final int CUT = 0;
  static final int NO_BLOCK = -1;

  /// Most bytes of content in blocks, which bounds what a small file can make a reader allocate.
  ///
  /// @param blocks how many blocks
  /// @param stored how many bytes they have in the file
  long mostContent(long blocks, long stored, int blockContent) {
    long most = blocks * blockContent;
    return this == LZ4 ? Math.min(most, stored * Lz4FrameDescriptor.MOST_RATIO) : most;
  }
}
