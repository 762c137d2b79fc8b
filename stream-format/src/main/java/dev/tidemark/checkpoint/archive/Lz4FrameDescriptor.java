// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import net.jpountz.xxhash.XXHash32;
import net.jpountz.xxhash.XXHashFactory;

/// The body's LZ4 frame: independent blocks with checksums, no content size, no content checksum.
///
/// ```
///   0               4   5   6   7
///  +---------------+---+---+---+
///  |  0x184D2204   |FLG|BD |HC |        FLG 0x70; BD 0x40 or 0x50; HC byte 1 of XXH32(FLG BD)
///  +---------------+---+---+---+
///  | size word     |  bytes ...         | XXH32 of these bytes |     one block; bit 31: stored
///  +---------------+--------------------+----------------------+
///  | 0             |
///  +---------------+
/// ```
///
/// The last block is stored, whatever the compression.
///
/// Format: `lz4_Frame_format.md` of LZ4, version 1.6.
final class Lz4FrameDescriptor {
  static final int FRAME_MAGIC = 0x184D2204;
  static final int HEADER_SIZE = 7;
  static final int END_MARK_SIZE = 4;

  static final int FLG_OFFSET = 4;
  static final int BD_OFFSET = 5;
  static final int HC_OFFSET = 6;

  /// Version 1, independent blocks, block checksums.
  static final int FLG = 0x70;
  static final int BD_64_KIB = 0x40;
  static final int BD_256_KIB = 0x50;

  static final int SIZE_WORD_SIZE = 4;
  static final int CHECKSUM_SIZE = 4;

  /// Bytes of a block in the frame beside its data.
  static final int BLOCK_OVERHEAD = SIZE_WORD_SIZE + CHECKSUM_SIZE;

  /// Bit of the size word that says the data are not compressed.
  static final int STORED = 1 << 31;

  /// No LZ4 block grows by more than this; it bounds what a small file can make a reader allocate.
  static final int MOST_RATIO = 255;

  /// Most bytes of content in the last block, which is always stored.
  static final int LAST_BLOCK = 4096;

  private Lz4FrameDescriptor() {}

  /// The frame's header.
  static byte[] header(int blockContent) {
    int bd = blockContent == ArchiveOptions.BLOCK_64_KIB ? BD_64_KIB : BD_256_KIB;
    byte[] header = new byte[HEADER_SIZE];
    Bytes.putInt(header, 0, FRAME_MAGIC);
    header[FLG_OFFSET] = FLG;
    header[BD_OFFSET] = (byte) bd;
    XXHash32 hash = XXHashFactory.fastestInstance().hash32();
    header[HC_OFFSET] = (byte) (hash.hash(header, FLG_OFFSET, 2, 0) >>> 8);
    return header;
  }
}
