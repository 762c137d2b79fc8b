// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.stream.ram.DeltaVisitor;
import dev.tidemark.stream.ram.PageInflater;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamRecordVisitor;
import dev.tidemark.stream.ram.RamRecords;
import dev.tidemark.stream.ram.Xbzrle;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * The page path. One instance serves the whole stream, since CONTINUE refers to the block named last in
 * whatever section that was. `next` decodes one record's header into fields, `take` makes the record whole and
 * contiguous in the window, `pass` goes behind it without asking for its content; nothing is allocated.
 * `position` is moved behind the record before anybody sees it, so that a visitor that throws leaves the reader
 * between two records.
 */

/// Decodes the records of RAM sections.
final class RamRecordReader {
  private static final String CONTEXT = "RAM record";

  private final StreamWindow window;
  private final int pageSize;
  private final RamBlock[] blocks;
  private final byte[][] names;
  private final boolean framed;
  private @Nullable MemorySegment filled;
  private @Nullable PageInflater inflater;

  /// Index of the block named last, or -1.
  private int current = -1;

  /// The record decoded last: its kind, and how long it is.
  private int kind;

  private boolean continued;
  private long pageOffset;

  /// Bytes of word and name; of what stands before the content too; of the content.
  private int headerSize;

  private int prefixSize;
  private int contentSize;

  /// The record taken last: where it is in the window, and where it starts in the stream.
  private long recordStart;

  private long contentStart;

  private RamRecordReader(
      StreamWindow window, int pageSize, List<RamBlock> blockList, boolean framed) {
    this.window = window;
    this.pageSize = pageSize;
    this.blocks = blockList.toArray(RamBlock[]::new);
    this.names = new byte[blocks.length][];
    for (int i = 0; i < names.length; i++) {
      names[i] = RamRecords.name(blocks[i]);
    }
    this.framed = framed;
  }

  /// Records in sections: EOS ends each body.
  static RamRecordReader ofSections(StreamWindow window, int pageSize, List<RamBlock> blockList) {
    return new RamRecordReader(window, pageSize, blockList, true);
  }

  /// Records and nothing else: the input's end between two of them ends the body too.
  static RamRecordReader unframed(StreamWindow window, int pageSize, List<RamBlock> blockList) {
    return new RamRecordReader(window, pageSize, blockList, false);
  }

  /// The same blocks over another window, where the block named last is still named.
  RamRecordReader resumed(StreamWindow over) {
    RamRecordReader resumed = new RamRecordReader(over, pageSize, List.of(blocks), framed);
    resumed.current = current;
    return resumed;
  }

  /// Whether EOS has been read, and the body ended with it.
  boolean hasReadEos() {
    return kind == RamRecords.EOS && prefixSize > 0;
  }

  /// Hands every page up to the body's end to a visitor.
  void forEach(PageVisitor visitor) throws IOException {
    while (next()) {
      take();
      switch (kind) {
        case RamRecords.PAGE ->
            visitor.page(blocks[current], pageOffset, window.segment, contentStart);
        case RamRecords.ZERO -> visitZero(visitor);
        case RamRecords.XBZRLE -> visitDelta(visitor);
        case RamRecords.COMPRESS_PAGE -> visitCompressed(visitor);
        default -> {}
      }
    }
    take();
  }

  private void visitZero(PageVisitor visitor) throws IOException {
    byte fill = window.segment.get(ValueLayout.JAVA_BYTE, contentStart);
    if (fill == 0) {
      visitor.zeroPage(blocks[current], pageOffset);
    } else {
      if (filled == null) {
        filled = Arena.ofAuto().allocate(pageSize);
      }
      visitor.filledPage(blocks[current], pageOffset, fill, filled.fill(fill), 0);
    }
  }

  private void visitDelta(PageVisitor visitor) throws IOException {
    if (!(visitor instanceof DeltaVisitor deltas)) {
      throw new StreamException.Unsupported(
          "XBZRLE record for a visitor that takes none", window.base + recordStart, CONTEXT);
    }
    int wrong = Xbzrle.fault(window.segment, contentStart, contentSize, pageSize);
    if (wrong >= 0) {
      throw Xbzrle.malformed(window.base + contentStart + wrong);
    }
    deltas.xbzrlePage(blocks[current], pageOffset, window.segment, contentStart, contentSize);
  }

  private void visitCompressed(PageVisitor visitor) throws IOException {
    if (inflater == null) {
      inflater = new PageInflater(pageSize);
    }
    long at = window.base + contentStart;
    MemorySegment page = inflater.inflate(window.segment, contentStart, contentSize, at);
    visitor.page(blocks[current], pageOffset, page, 0);
  }

  /// Hands every record up to the body's end to a visitor.
  void forEachRecord(RamRecordVisitor visitor) throws IOException {
    while (next()) {
      take();
      MemorySegment in = window.segment;
      switch (kind) {
        case RamRecords.PAGE ->
            visitor.page(blocks[current], pageOffset, continued, in, contentStart);
        case RamRecords.ZERO ->
            visitor.zeroPage(
                blocks[current],
                pageOffset,
                continued,
                in.get(ValueLayout.JAVA_BYTE, contentStart));
        case RamRecords.XBZRLE ->
            visitor.xbzrlePage(
                blocks[current], pageOffset, continued, in, contentStart, contentSize);
        case RamRecords.COMPRESS_PAGE ->
            visitor.compressedPage(
                blocks[current], pageOffset, continued, in, contentStart, contentSize);
        default -> visitor.multifdFlush();
      }
    }
    take();
  }

  /// Passes over the rest of the body. Of a source only the records' headers are read.
  void skip() throws IOException {
    boolean more = true;
    while (more) {
      more = next();
      pass();
    }
  }

  /// Copies the body, its end included, as it stands in the stream, in runs as long as the window
  /// allows. Only a first record that continues a block which the output has not named is encoded
  /// anew, with the name.
  void copyTo(StreamWriter out) throws IOException {
    int whole = RamRecords.mostBytes(pageSize);
    long run = -1;
    boolean first = true;
    boolean more = true;
    while (more) {
      if (run >= 0 && window.remaining() < whole) {
        // What is behind `run` may move when the next record is fetched.
        out.raw(window.segment, run, window.position - run);
        run = -1;
      }
      more = next();
      take();
      boolean ofBlock = kind != RamRecords.EOS && kind != RamRecords.MULTIFD_FLUSH;
      if (first && ofBlock) {
        first = false;
        if (continued && !blocks[current].idstr().equals(out.currentBlock())) {
          if (run >= 0) {
            out.raw(window.segment, run, recordStart - run);
          }
          out.pageHeader(kind, pageOffset, blocks[current]);
          run = recordStart + headerSize;
        }
      }
      if (ofBlock) {
        out.continueFrom(blocks[current]);
      }
      if (run < 0) {
        run = recordStart;
      }
    }
    out.raw(window.segment, run, window.position - run);
  }

  /// Gives back what is held outside the heap.
  void close() {
    if (inflater != null) {
      inflater.close();
      inflater = null;
    }
  }

  /// Decodes the next record's header, and stays in front of it; false if it is the one that ends
  /// the body.
  private boolean next() throws IOException {
    StreamWindow in = window;
    if (!in.ensure(RamRecords.SIZE_WORD)) {
      endWithInput();
      return false;
    }
    long word = in.segment.get(StreamWindow.BE64, in.position);
    int flags = (int) word & (pageSize - 1);
    pageOffset = word & -pageSize;
    continued = (flags & RamRecords.CONTINUE) != 0;
    kind = flags & ~RamRecords.CONTINUE;
    switch (kind) {
      case RamRecords.PAGE -> {
        enterBlock();
        contentSize = pageSize;
      }
      case RamRecords.ZERO -> {
        enterBlock();
        contentSize = 1;
      }
      case RamRecords.XBZRLE -> {
        enterBlock();
        enterDelta();
      }
      case RamRecords.COMPRESS_PAGE -> {
        enterBlock();
        enterCompressed();
      }
      case RamRecords.MULTIFD_FLUSH, RamRecords.EOS -> {
        if (word != kind) {
          throw in.malformed("record 0x" + Long.toHexString(word), in.streamOffset(), CONTEXT);
        }
        headerSize = RamRecords.SIZE_WORD;
        prefixSize = headerSize;
        contentSize = 0;
      }
      default -> throw refused(word);
    }
    return kind != RamRecords.EOS;
  }

  /// Ends the body without EOS, if it may end so here.
  private void endWithInput() throws StreamException {
    if (framed || window.remaining() > 0) {
      throw window.truncated(CONTEXT);
    }
    kind = RamRecords.EOS;
    prefixSize = 0;
    contentSize = 0;
  }

  /// Makes the record that [#next] has found whole, and goes behind it.
  private void take() throws IOException {
    int size = prefixSize + contentSize;
    if (window.limit - window.position < size) {
      window.require(size, kind == RamRecords.PAGE ? "page content" : CONTEXT);
    }
    recordStart = window.position;
    contentStart = recordStart + prefixSize;
    window.position = recordStart + size;
  }

  /// Goes behind the record that [#next] has found.
  private void pass() throws IOException {
    window.skip(prefixSize + contentSize, kind == RamRecords.PAGE ? "page content" : CONTEXT);
  }

  /// Finds the record's block and checks the page offset against it.
  private void enterBlock() throws IOException {
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
    headerSize = header;
    prefixSize = header;
  }

  private void enterDelta() throws IOException {
    StreamWindow in = window;
    in.require(headerSize + RamRecords.SIZE_XBZRLE_HEADER, "XBZRLE header");
    long at = in.position + headerSize;
    int encoding = Byte.toUnsignedInt(in.segment.get(ValueLayout.JAVA_BYTE, at));
    if (encoding != Xbzrle.ENCODING_FLAG) {
      throw in.malformed(
          "encoding flag 0x" + Integer.toHexString(encoding), in.base + at, "XBZRLE header");
    }
    contentSize = Short.toUnsignedInt(in.segment.get(StreamWindow.BE16, at + 1));
    if (contentSize > pageSize) {
      throw in.malformed(
          "XBZRLE delta of " + contentSize + " bytes", in.base + at + 1, "XBZRLE header");
    }
    prefixSize = headerSize + RamRecords.SIZE_XBZRLE_HEADER;
  }

  private void enterCompressed() throws IOException {
    StreamWindow in = window;
    in.require(headerSize + RamRecords.SIZE_COMPRESS_HEADER, "compressed page");
    long at = in.position + headerSize;
    contentSize = in.segment.get(StreamWindow.BE32, at);
    if (contentSize < 0 || contentSize > RamRecords.compressBound(pageSize)) {
      throw in.malformed(
          "compressed page of " + Integer.toUnsignedString(contentSize) + " bytes",
          in.base + at,
          "compressed page");
    }
    prefixSize = headerSize + RamRecords.SIZE_COMPRESS_HEADER;
  }

  private int blockNamed(long at, int length) throws IOException {
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

  private boolean isName(int index, long at, int length) {
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
    return kind == RamRecords.HOOK
        ? new StreamException.Unsupported("HOOK record of RDMA", at, CONTEXT)
        : window.malformed("record 0x" + Long.toHexString(word), at, CONTEXT);
  }
}
