// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.tidemark.stream.ram.RamBlock;
import java.util.List;

/// The RAM blocks laid end to end, so that one number names a page: its page number.
///
/// Names are bytes on the wire; each byte is one character here.
final class RamLayout {
  static final int MIN_PAGE_SIZE = 512;
  static final int MAX_PAGE_SIZE = 128 << 10;

  /// A page number has to fit beside the place of a record in one `long`.
  static final long MAX_PAGES = 1L << 41;

  private final List<RamBlock> blocks;
  private final int pageSize;
  private final int pageShift;
  private final byte[][] names;
  private final long[] firstPages;
  private final long[] lengths;

  /// A layout.
  ///
  /// @throws IllegalArgumentException if these are no RAM blocks that a stream can list
  RamLayout(List<RamBlock> blocks, int pageSize) {
    check(
        pageSize >= MIN_PAGE_SIZE && pageSize <= MAX_PAGE_SIZE && Integer.bitCount(pageSize) == 1,
        "target page size " + pageSize);
    this.blocks = List.copyOf(blocks);
    this.pageSize = pageSize;
    this.pageShift = Integer.numberOfTrailingZeros(pageSize);
    this.names = new byte[blocks.size()][];
    this.firstPages = new long[blocks.size() + 1];
    this.lengths = new long[blocks.size()];
    for (int i = 0; i < blocks.size(); i++) {
      add(i, this.blocks.get(i));
    }
  }

  private void add(int i, RamBlock block) {
    String idstr = block.idstr();
    byte[] name = idstr.getBytes(ISO_8859_1);
    check(block.index() == i, "RAM block \"" + idstr + "\" is not at its index");
    check(
        name.length >= 1 && name.length <= 255 && new String(name, ISO_8859_1).equals(idstr),
        "RAM block name \"" + idstr + "\"");
    for (int k = 0; k < i; k++) {
      check(!blocks.get(k).idstr().equals(idstr), "two RAM blocks named \"" + idstr + "\"");
    }
    long length = block.usedLength();
    check(
        length >= 0 && (length & (pageSize - 1)) == 0,
        "RAM block \"" + idstr + "\" of " + length + " bytes");
    firstPages[i + 1] = firstPages[i] + (length >>> pageShift);
    check(firstPages[i + 1] <= MAX_PAGES, "more than " + MAX_PAGES + " pages");
    names[i] = name;
    lengths[i] = length;
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new IllegalArgumentException(what);
    }
  }

  List<RamBlock> blocks() {
    return blocks;
  }

  int pageSize() {
    return pageSize;
  }

  int pageShift() {
    return pageShift;
  }

  long pages() {
    return firstPages[names.length];
  }

  /// Page number of a RAM block's first page; also defined for the index behind the last.
  long firstPage(int block) {
    return firstPages[block];
  }

  byte[] name(int block) {
    return names[block];
  }

  /// Sum of all used lengths.
  long bytes() {
    return pages() << pageShift;
  }

  /// The page number of a page.
  ///
  /// @throws IllegalArgumentException if there is no such page
  long pageNumber(int block, long pageOffset) {
    if (block < 0
        || block >= lengths.length
        || pageOffset < 0
        || pageOffset >= lengths[block]
        || (pageOffset & (pageSize - 1)) != 0) {
      throw new IllegalArgumentException(
          "no page at 0x" + Long.toHexString(pageOffset) + " of RAM block " + block);
    }
    return firstPages[block] + (pageOffset >>> pageShift);
  }

  /// The RAM block that holds a page number below [#pages].
  int blockOf(long page) {
    int low = 0;
    int high = names.length - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (page < firstPages[middle + 1]) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
}
