// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// An archive block as a zstd frame of its own: content size, checksum, no dictionary.
///
/// ```
///   0               4    5             then
///  +---------------+----+-------------+----------------------------+---------------+
///  |  0xFD2FB528   |desc| content size| blocks                     | XXH64 & 2³²−1 |
///  +---------------+----+-------------+----------------------------+---------------+
///
///  desc: bits 6, 7  bytes of the content size: 1, 2 (less 256), 4
///        bit 5      single segment: no window descriptor
///        bit 2      checksum
///        others     0
///  block: le24 size << 3 | type << 1 | last; type 0 stored, 1 one byte repeated, 2 compressed
/// ```
///
/// Format: RFC 8878, 3.1.1.
final class ZstdFrameDescriptor {
  static final int FRAME_MAGIC = 0xFD2FB528;

  /// Magic, descriptor, one byte of content size, one block of one byte, checksum.
  static final int LEAST = 4 + 1 + 1 + 3 + 1 + 4;

  /// Most bytes of a frame beside the bytes of blocks that are stored.
  static final int OVERHEAD = 32;

  /// [#frameLength] of bytes that do not begin as such a frame does.
  static final int NO_FRAME = BodyEncoding.NO_BLOCK;

  /// [#frameLength] of bytes that end before the frame does.
  static final int CUT = BodyEncoding.CUT;

  private static final int DESCRIPTOR_OFFSET = 4;
  private static final int CONTENT_SIZE_OFFSET = 5;
  private static final int SINGLE_SEGMENT_AND_CHECKSUM = 0x24;
  private static final int CONTENT_SIZE_SHIFT = 6;
  private static final int CHECKSUM_SIZE = 4;
  private static final int BLOCK_HEADER_SIZE = 3;
  private static final int TYPE_REPEATED = 1;
  private static final int TYPE_RESERVED = 3;

  private ZstdFrameDescriptor() {}

  /// How long the frame is that bytes begin with, as its blocks tell; [#CUT] or [#NO_FRAME].
  ///
  /// @param bytes the frame, from its first byte on
  /// @param available how many bytes there are
  /// @param mostContent most bytes of content that it may have
  static int frameLength(MemorySegment bytes, int available, int mostContent) {
    if (available < LEAST) {
      return CUT;
    }
    int descriptor = bytes.get(ValueLayout.JAVA_BYTE, DESCRIPTOR_OFFSET) & 0xff;
    int sizeCode = descriptor >>> CONTENT_SIZE_SHIFT;
    if (bytes.get(Bytes.LE_INT, 0) != FRAME_MAGIC
        || (descriptor & 0x3f) != SINGLE_SEGMENT_AND_CHECKSUM
        || sizeCode > 2) {
      return NO_FRAME;
    }
    long content = contentSize(bytes, sizeCode);
    if (content < 1 || content > mostContent) {
      return NO_FRAME;
    }
    int at = CONTENT_SIZE_OFFSET + (1 << sizeCode);
    boolean last = false;
    while (!last) {
      if (at > available - BLOCK_HEADER_SIZE) {
        return CUT;
      }
      int header =
          (bytes.get(ValueLayout.JAVA_BYTE, at) & 0xff)
              | (bytes.get(ValueLayout.JAVA_BYTE, at + 1) & 0xff) << 8
              | (bytes.get(ValueLayout.JAVA_BYTE, at + 2) & 0xff) << 16;
      int type = (header >>> 1) & 3;
      if (type == TYPE_RESERVED) {
        return NO_FRAME;
      }
      at += BLOCK_HEADER_SIZE + (type == TYPE_REPEATED ? 1 : header >>> 3);
      last = (header & 1) != 0;
    }
    return at > available - CHECKSUM_SIZE ? CUT : at + CHECKSUM_SIZE;
  }

  private static long contentSize(MemorySegment bytes, int sizeCode) {
    return switch (sizeCode) {
      case 0 -> bytes.get(ValueLayout.JAVA_BYTE, CONTENT_SIZE_OFFSET) & 0xff;
      case 1 ->
          256
              + (bytes.get(ValueLayout.JAVA_BYTE, CONTENT_SIZE_OFFSET) & 0xff)
              + ((bytes.get(ValueLayout.JAVA_BYTE, CONTENT_SIZE_OFFSET + 1) & 0xff) << 8);
      default -> bytes.get(Bytes.LE_INT, CONTENT_SIZE_OFFSET) & 0xffffffffL;
    };
  }
}
