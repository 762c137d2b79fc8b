// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

/// The archive's last frame.
///
/// ```
///   0               4               8                               16
///  +---------------+---------------+-------------------------------+
///  |  0x184D2A5C   | payload = 96  |     "TMKTRAIL"                |
///  +---------------+---------------+-------------------------------+
///  |     end of the body           |   offset of the section table |
///  +-------------------------------+-------------------------------+
///  |     size of the file          |   bytes of content in the body|
///  +-------------------------------+-------------------------------+
///  |     SHA-256 of everything from the end of the body to the     |
///  |     trailer                                                   |
///  +-------------------------------+---------------+---------------+
///  |     number of archive blocks  | 0             | CRC-32C       |
///  +-------------------------------+---------------+---------------+
///  |     "LIARTKMT"                |
///  +-------------------------------+
/// ```
///
/// A magic stands at both ends: where one is found and the trailer is not whole it is damaged,
/// where none is found it was never written.
final class TrailerDescriptor {
  static final int FRAME_MAGIC = 0x184D2A5C;
  static final int SIZE = 104;

  static final int PAYLOAD_LENGTH_OFFSET = 4;
  static final int MAGIC_OFFSET = 8;
  static final int BODY_END_OFFSET = 16;
  static final int TABLE_OFFSET_OFFSET = 24;
  static final int FILE_SIZE_OFFSET = 32;
  static final int CONTENT_SIZE_OFFSET = 40;
  static final int DIGEST_OFFSET = 48;
  static final int DIGEST_SIZE = 32;
  static final int BLOCKS_OFFSET = 80;
  static final int CRC_OFFSET = 92;
  static final int END_MAGIC_OFFSET = 96;

  static final String MAGIC = "TMKTRAIL";
  static final String END_MAGIC = "LIARTKMT";

  private TrailerDescriptor() {}
}
