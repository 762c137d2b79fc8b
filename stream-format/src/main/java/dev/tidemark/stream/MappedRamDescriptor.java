// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.stream.ram.MappedRam;

/// What a `mapped-ram` stream has behind each used length of its block list. The header is
/// big-endian; offsets count from the start of the file, not of the stream.
///
/// ```
/// +-----------+-----------------------+--------------------+-------------------+
/// | version 1 | be64 target page size | be64 bitmap offset | be64 pages offset |
/// | 4 bytes   | 8                     | 8                  | 8                 |
/// +-----------+-----------------------+--------------------+-------------------+
/// | bitmap: 64-bit words, host-endian (little, on x86 and ARM), a bit for each page |
/// +---------------------------------------------------------------------------------+
/// | nothing up to pages offset, a multiple of 1 MiB; then usedLength bytes of pages |
/// +---------------------------------------------------------------------------------+
/// ```
///
/// Format: `mapped_ram_setup_ramblock` in `migration/ram.c`, QEMU 10.0.2.
public final class MappedRamDescriptor {
  static final int VERSION = 1;
  static final int SIZE_HEADER = 28;

  /// Where QEMU puts pages: at multiples of this, for direct I/O.
  static final long PAGES_ALIGNMENT = 1 << 20;

  private MappedRamDescriptor() {}

  /// Bytes of a block's bitmap: whole words.
  ///
  /// @param usedLength of the RAM block, in bytes
  /// @param pageSize target page size
  public static long bitmapBytes(long usedLength, int pageSize) {
    return (usedLength / pageSize + 63) / 64 * 8;
  }

  /// Where QEMU puts a block's bitmap and pages.
  ///
  /// @param headerEnd file offset behind the block's header
  /// @param usedLength of the RAM block, in bytes
  /// @param pageSize target page size
  static MappedRam place(long headerEnd, long usedLength, int pageSize) {
    long end = headerEnd + bitmapBytes(usedLength, pageSize);
    return new MappedRam(
        headerEnd, (end + PAGES_ALIGNMENT - 1) / PAGES_ALIGNMENT * PAGES_ALIGNMENT);
  }
}
