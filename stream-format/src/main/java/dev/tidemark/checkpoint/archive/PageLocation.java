// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.checkpoint.PageKind;

/// Where the newest record of a page is, in one `long`.
///
/// ```
///  63 62 61                                22 21                     0
///  +----+-----------------------------------+------------------------+
///  |kind| archive block                     | offset in its content  |
///  +----+-----------------------------------+------------------------+
/// ```
///
/// The offset is that of the page's bytes, not of its record. 0 is a missing page.
final class PageLocation {
  static final long MISSING = 0;
  static final long ZERO = 1L << 62;
  private static final long DATA = 2L << 62;

  static final int OFFSET_BITS = 22;
  private static final long OFFSET_MASK = (1L << OFFSET_BITS) - 1;
  private static final long BLOCK_MASK = (1L << 40) - 1;

  private PageLocation() {}

  static long data(long block, int offset) {
    return DATA | (block << OFFSET_BITS) | offset;
  }

  static boolean isData(long location) {
    return location < 0;
  }

  static long block(long location) {
    return (location >>> OFFSET_BITS) & BLOCK_MASK;
  }

  static int offset(long location) {
    return (int) (location & OFFSET_MASK);
  }

  static PageKind kind(long location) {
    if (isData(location)) {
      return PageKind.DATA;
    }
    return location == MISSING ? PageKind.MISSING : PageKind.ZERO;
  }
}
