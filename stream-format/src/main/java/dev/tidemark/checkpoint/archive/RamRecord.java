// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.stream.StreamException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The page records of the stream's RAM section, as they stand in archive blocks.
///
/// ```
///  +-------------------------------+---+----------+------------------------+
///  | be64 page offset | flags      | n | name     | page, or fill byte 0   |
///  +-------------------------------+---+----------+------------------------+
///                                    absent with CONTINUE
/// ```
///
/// Format: `save_page_header` in `migration/ram.c`, QEMU 10.0.2.
final class RamRecord {
  static final int ZERO = 0x02;
  static final int MEM_SIZE = 0x04;
  static final int PAGE = 0x08;
  static final int EOS = 0x10;
  static final int CONTINUE = 0x20;

  static final int WORD_SIZE = 8;

  /// The smallest record: a word and a fill byte.
  static final int MIN_SIZE = WORD_SIZE + 1;

  private RamRecord() {}

  /// Most records in a block of so many bytes.
  static int most(int blockContent) {
    return blockContent / MIN_SIZE;
  }

  /// Bytes from one page to the next where only CONTINUE records stand.
  static int stride(int pageSize) {
    return pageSize + WORD_SIZE;
  }

  /// Whether the page at `data` belongs to a record of just this page.
  ///
  /// @param content content of an archive block, from `start` on
  /// @param data offset of the page in the content
  static boolean isRecordOf(
      MemorySegment content, long start, int data, long pageOffset, byte[] name) {
    long word = content.get(Bytes.BE_LONG, start + data - WORD_SIZE);
    if (word == (pageOffset | PAGE | CONTINUE)) {
      return true;
    }
    int header = WORD_SIZE + 1 + name.length;
    return data >= header
        && content.get(Bytes.BE_LONG, start + data - header) == (pageOffset | PAGE)
        && isName(content, start + data - header + WORD_SIZE, name);
  }

  /// Whether a counted string in the content is this name; the caller knows that it fits.
  static boolean isName(MemorySegment content, long at, byte[] name) {
    if ((content.get(ValueLayout.JAVA_BYTE, at) & 0xff) != name.length) {
      return false;
    }
    for (int i = 0; i < name.length; i++) {
      if (content.get(ValueLayout.JAVA_BYTE, at + 1 + i) != name[i]) {
        return false;
      }
    }
    return true;
  }

  /// What is wrong when an index entry does not lead to its record.
  static StreamException wrongRecord(long pageOffset, String idstr, long fileOffset) {
    return new StreamException.Malformed(
        "index leads to another record for page 0x"
            + Long.toHexString(pageOffset)
            + " of \""
            + idstr
            + "\"",
        fileOffset,
        "archive block");
  }
}
