// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static java.nio.charset.StandardCharsets.US_ASCII;

/// A typed section behind the body.
///
/// ```
///   0               4               8              12              16
///  +---------------+---------------+---------------+---------------+
///  |  0x184D2A5B   | 12 + payload  | tag           | 0             |
///  +---------------+---------------+---------------+---------------+
///  | payload ...                                                   |
///  +---------------+-----------------------------------------------+
///  | CRC-32C       |  of everything before it in the frame
///  +---------------+
/// ```
///
/// The section table has one entry for each section before it, in file order:
///
/// ```
///  +---------------+---------------+-------------------------------+
///  | tag           | 0             |     offset of the frame       |
///  +---------------+---------------+-------------------------------+
///  |     length of the frame       |
///  +-------------------------------+
/// ```
final class SectionDescriptor {
  static final int FRAME_MAGIC = 0x184D2A5B;

  static final int FRAME_LENGTH_OFFSET = 4;
  static final int TAG_OFFSET = 8;
  static final int RESERVED_OFFSET = 12;
  static final int PAYLOAD_OFFSET = 16;
  static final int CRC_SIZE = 4;

  /// Bytes of a frame beside its payload.
  static final int OVERHEAD = PAYLOAD_OFFSET + CRC_SIZE;

  /// What a skippable frame's length does not count.
  static final int FRAME_HEADER_SIZE = 8;

  /// Most bytes of a frame, so that it can be read whole. What grows with RAM comes in parts; this
  /// is enough digests for 4 TiB.
  static final int MAX_LENGTH = 32 << 20;

  static final int ENTRY_SIZE = 24;
  static final int ENTRY_OFFSET_OFFSET = 8;
  static final int ENTRY_LENGTH_OFFSET = 16;

  /// Facts needed to open the archive without its body.
  static final int FACTS = tag("FACT");

  /// A part of the table of archive blocks.
  static final int BLOCK_TABLE = tag("BTAB");

  /// A part of the page index.
  static final int PAGE_INDEX = tag("PIDX");

  /// The manifest, JSON.
  static final int MANIFEST = tag("MANI");

  /// SHA-256 of each segment of header and body.
  static final int SEGMENT_DIGESTS = tag("SHA2");

  /// The section table, always last.
  static final int TABLE = tag("STAB");

  private SectionDescriptor() {}

  private static int tag(String name) {
    byte[] b = name.getBytes(US_ASCII);
    return b[0] | (b[1] << 8) | (b[2] << 16) | (b[3] << 24);
  }

  /// A tag as text, for messages.
  static String name(int tag) {
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < 4; i++) {
      int c = (tag >>> (8 * i)) & 0xff;
      name.append(c > 0x20 && c < 0x7f ? (char) c : '?');
    }
    return name.toString();
  }
}
