// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import dev.tidemark.stream.ram.RamRecordVisitor;
import dev.tidemark.stream.ram.RamRecords;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/*
 * The page path. One instance serves the whole stream, since CONTINUE refers to the block named last in
 * whatever section that was. `next` decodes one record into fields and makes it whole and contiguous in the
 * window; nothing is allocated. `position` is moved behind the record before anybody sees it, so that a
 * visitor that throws leaves the reader between two records.
 */

/// Decodes the records of RAM sections.
final class RamRecordReader {
  private static final String CONTEXT = "RAM record";

  private final StreamWindow window;
  private final int pageSize;
  private final RamBlock[] blocks;
  private final byte[][] names;
  private final MemorySegment filled;

  /// Index of the block named last, or -1.
  private int current = -1;

  /// The record decoded last: its kind, and where it is in the window.
  private int kind;

  private boolean continued;
  private long pageOffset;
  private int recordStart;
  private int contentStart;

  RamRecordReader(StreamWindow window, int pageSize, List<RamBlockEntry> blockList) {
    this.window = window;
    this.pageSize = pageSize;
    this.blocks = blockList.stream().map(RamBlockEntry::block).toArray(RamBlock[]::new);
    this.names = new byte[blocks.length][];
    for (int i = 0; i < names.length; i++) {
      names[i] = RamRecords.name(blocks[i]);
    }
    this.filled = Arena.ofAuto().allocate(pageSize);
  }

  /// Hands every record up to the body's end to a visitor.
  void forEach(PageVisitor visitor) throws IOException {
    while (next()) {
      if (kind == RamRecords.PAGE) {
        visitor.page(blocks[current], pageOffset, window.segment, contentStart);
      } else if (kind == RamRecords.ZERO) {
        byte fill = window.segment.get(ValueLayout.JAVA_BYTE, contentStart);
        if (fill == 0) {
          visitor.zeroPage(blocks[current], pageOffset);
        } else {
          filled.fill(fill);
          visitor.filledPage(blocks[current], pageOffset, fill, filled, 0);
        }
      }
    }
  }

  /// Hands every record up to the body's end to a visitor, as it stands on the wire.
  void forEachRecord(RamRecordVisitor visitor) throws IOException {
    while (next()) {
      if (kind == RamRecords.PAGE) {
        visitor.page(blocks[current], pageOffset, continued, window.segment, contentStart);
      } else if (kind == RamRecords.ZERO) {
        byte fill = window.segment.get(ValueLayout.JAVA_BYTE, contentStart);
        visitor.zeroPage(blocks[current], pageOffset, continued, fill);
      } else if (kind == RamRecords.MULTIFD_FLUSH) {
        visitor.multifdFlush();
      }
    }
  }

  /// Passes over the rest of the body.
  void skip() throws IOException {
    while (next()) {
      // Only to reach the end.
    }
  }

  /// Copies the body, its end included, as it stands in the stream, in runs as long as the window
  /// allows. Only a first record that continues a block which the output has not named is encoded
  /// anew, with the name.
  void copyTo(StreamWriter out) throws IOException {
    int whole = RamRecords.MAX_HEADER + pageSize;
    int run = -1;
    boolean first = true;
    boolean more = true;
    while (more) {
      if (run >= 0 && window.remaining() < whole) {
        // What is behind `run` may move when the next record is fetched.
        out.raw(window.segment, run, window.position - run);
        run = -1;
      }
      more = next();
      boolean names = kind == RamRecords.PAGE || kind == RamRecords.ZERO;
      if (first && names) {
        first = false;
        if (continued && !blocks[current].idstr().equals(out.currentBlock())) {
          if (run >= 0) {
            out.raw(window.segment, run, recordStart - run);
          }
          out.pageHeader(kind, pageOffset, blocks[current]);
          run = contentStart;
        }
      }
      if (names) {
        out.continueFrom(blocks[current]);
      }
      if (run < 0) {
        run = recordStart;
      }
    }
    out.raw(window.segment, run, window.position - run);
  }

  /// Decodes the next record; false if it is the one that ends the body.
  private boolean next() throws IOException {
    StreamWindow in = window;
    in.require(RamRecords.SIZE_WORD, CONTEXT);
    long word = in.segment.get(StreamWindow.BE64, in.position);
    int flags = (int) word & (pageSize - 1);
    pageOffset = word & -pageSize;
    continued = (flags & RamRecords.CONTINUE) != 0;
    kind = flags & ~RamRecords.CONTINUE;
    return switch (kind) {
      case RamRecords.PAGE -> {
        int header = enterBlock();
        in.require(header + pageSize, "page content");
        yield found(header, pageSize);
      }
      case RamRecords.ZERO -> {
        int header = enterBlock();
        in.require(header + 1, "zero page");
        yield found(header, 1);
      }
      case RamRecords.MULTIFD_FLUSH, RamRecords.EOS -> {
        if (word != kind) {
          throw in.malformed("record 0x" + Long.toHexString(word), in.streamOffset(), CONTEXT);
        }
        yield found(RamRecords.SIZE_WORD, 0) && kind != RamRecords.EOS;
      }
      default -> throw refused(word);
    };
  }

  private boolean found(int header, int content) {
    recordStart = window.position;
    contentStart = recordStart + header;
    window.position = contentStart + content;
    return true;
  }

  /// Finds the record's block and checks the page offset against it.
  ///
  /// @return bytes of the record's header
  private int enterBlock() throws IOException {
    StreamWindow in = window;
    int header = RamRecords.SIZE_WORD;
    if (continued) {
      if (current < 0) {
        throw in.malformed("record continues no block", in.streamOffset(), CONTEXT);
      }
    } else {
      in.require(header + 1, "block name");
      int length = Byte.toUnsignedInt(in.segment.get(ValueLayout.JAVA_BYTE, in.position + header));
      header += 1 + length;
      in.require(header, "block name");
      current = blockNamed(in.position + RamRecords.SIZE_WORD + 1, length);
    }
    if (pageOffset < 0 || pageOffset >= blocks[current].usedLength()) {
      throw in.malformed(
          "page offset 0x"
              + Long.toHexString(pageOffset)
              + " outside RAM block "
              + Names.quoted(blocks[current].idstr()),
          in.streamOffset(),
          CONTEXT);
    }
    return header;
  }

  private int blockNamed(int at, int length) throws IOException {
    if (current >= 0 && isName(current, at, length)) {
      return current;
    }
    for (int i = 0; i < names.length; i++) {
      if (isName(i, at, length)) {
        return i;
      }
    }
    byte[] name = window.segment.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE);
    throw window.malformed(
        "unknown RAM block " + Names.quoted(Names.string(name)),
        window.streamOffset() + RamRecords.SIZE_WORD,
        CONTEXT);
  }

  private boolean isName(int index, int at, int length) {
    byte[] name = names[index];
    if (name.length != length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (window.segment.get(ValueLayout.JAVA_BYTE, at + i) != name[i]) {
        return false;
      }
    }
    return true;
  }

  private StreamException refused(long word) {
    long at = window.streamOffset();
    String what =
        switch (kind) {
          case RamRecords.XBZRLE -> "XBZRLE record";
          case RamRecords.COMPRESS_PAGE -> "COMPRESS_PAGE record of the old compress capability";
          case RamRecords.HOOK -> "HOOK record of RDMA";
          default -> "";
        };
    return what.isEmpty()
        ? window.malformed("record 0x" + Long.toHexString(word), at, CONTEXT)
        : new StreamException.Unsupported(what, at, CONTEXT);
  }
}
