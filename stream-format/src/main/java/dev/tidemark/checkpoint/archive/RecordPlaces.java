// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.RamRecords;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Where the stream's page records stand in archive blocks. [RamRecords] says what they look like.
final class RecordPlaces {
  /// The smallest record: a word and a fill byte.
  static final int MIN_SIZE = RamRecords.SIZE_WORD + 1;

  private RecordPlaces() {}

  /// Most records in a block of so many bytes.
  static int most(int blockContent) {
    return blockContent / MIN_SIZE;
  }

  /// Bytes from one page to the next where only CONTINUE records stand.
  static int stride(int pageSize) {
    return pageSize + RamRecords.SIZE_WORD;
  }

  /// Whether the page at `data` belongs to a record of just this page.
  ///
  /// @param content content of an archive block, from `start` on
  /// @param data offset of the page in the content
  static boolean isRecordOf(
      MemorySegment content, long start, int data, long pageOffset, byte[] name) {
    long word = content.get(Bytes.BE_LONG, start + data - RamRecords.SIZE_WORD);
    if (word == (pageOffset | RamRecords.PAGE | RamRecords.CONTINUE)) {
      return true;
    }
    int header = RamRecords.headerSize(name);
    return data >= header
        && content.get(Bytes.BE_LONG, start + data - header) == (pageOffset | RamRecords.PAGE)
        && isName(content, start + data - header + RamRecords.SIZE_WORD, name);
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
