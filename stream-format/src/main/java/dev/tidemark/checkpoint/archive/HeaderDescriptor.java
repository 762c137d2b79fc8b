// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

/// The archive's first frame. Little-endian, as in all frames of an archive.
///
/// ```
///   0               4               8                               16
///  +---------------+---------------+-------------------------------+
///  |  0x184D2A5A   | payload = 44  |     "TIDEMARK"                |
///  +---------------+---------------+-------------------------------+
///  | version       | target page   |     incompatible features     |
///  +---------------+---------------+---------------+---------------+
///  |     compatible features       | body encoding | block content |
///  +---------------+---------------+---------------+---------------+
///  | CRC-32C       |
///  +---------------+
/// ```
///
/// The size and the places of magic, version and CRC are the same in every version, so that a
/// reader can tell "newer" from "damaged".
final class HeaderDescriptor {
  static final int FRAME_MAGIC = 0x184D2A5A;
  static final int SIZE = 52;

  static final int PAYLOAD_LENGTH_OFFSET = 4;
  static final int MAGIC_OFFSET = 8;
  static final int VERSION_OFFSET = 16;
  static final int TARGET_PAGE_SIZE_OFFSET = 20;
  static final int INCOMPATIBLE_OFFSET = 24;
  static final int COMPATIBLE_OFFSET = 32;
  static final int BODY_ENCODING_OFFSET = 40;
  static final int BLOCK_CONTENT_OFFSET = 44;
  static final int CRC_OFFSET = 48;

  static final String MAGIC = "TIDEMARK";
  static final int VERSION = 1;

  private HeaderDescriptor() {}
}
