// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.compressed;

/// The container of `lzop`. Integers are big-endian.
///
/// ```
/// member  = magic header block* 00000000
/// header  = version:2 library:2 needed:2 method:1 level:1 flags:4 mode:4 mtime:8
///           nameLength:1 name checksum:4 [ extraLength:4 extra checksum:4 ]
/// block   = length:4 storedLength:4 [ adler:4 ] [ crc:4 ] [ storedAdler:4 ] [ storedCrc:4 ] stored
/// ```
///
/// Checksums of a block are there as the flags say, those of what is stored only where it is
/// compressed. A block whose two lengths are equal is stored as it is. The header's checksum is of
/// the bytes behind the magic.
final class LzopDescriptor {
  static final byte[] MAGIC = {(byte) 0x89, 'L', 'Z', 'O', 0, '\r', '\n', 0x1a, '\n'};

  /// Of lzop 1.04, whose files these are alike.
  static final int VERSION = 0x1040;

  /// Of LZO 2.10.
  static final int LIBRARY_VERSION = 0x20a0;

  /// The oldest lzop that reads them, and the oldest format read here.
  static final int VERSION_NEEDED = 0x0940;

  static final int METHOD_LZO1X_1 = 1;
  static final int METHOD_LZO1X_1_15 = 2;
  static final int METHOD_LZO1X_999 = 3;
  static final int LEVEL = 5;

  static final int FLAG_ADLER32 = 0x1;
  static final int FLAG_STORED_ADLER32 = 0x2;
  static final int FLAG_STDIN = 0x4;
  static final int FLAG_STDOUT = 0x8;
  static final int FLAG_EXTRA_FIELD = 0x40;
  static final int FLAG_CRC32 = 0x100;
  static final int FLAG_STORED_CRC32 = 0x200;
  static final int FLAG_MULTIPART = 0x400;
  static final int FLAG_FILTER = 0x800;
  static final int FLAG_HEADER_CRC32 = 0x1000;
  static final int FLAG_UNIX = 0x03000000;

  /// `rw-------` of a regular file.
  static final int MODE = 0x8180;

  static final int SIZE_TIME = 8;

  /// What lzop makes.
  static final int BLOCK_BYTES = 256 << 10;

  /// What is read: more than any lzop makes.
  static final int MAX_BLOCK_BYTES = 8 << 20;

  private LzopDescriptor() {}
}
