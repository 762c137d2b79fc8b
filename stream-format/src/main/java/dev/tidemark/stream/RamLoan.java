// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamPages;
import dev.tidemark.stream.ram.RamRecordVisitor;
import dev.tidemark.stream.ram.RamRecords;
import java.io.IOException;

/// The pages of the RAM section that a reader delivered last. What goes wrong in them goes wrong in
/// the reader.
abstract sealed class RamLoan implements RamPages {
  final StreamReader reader;
  final StreamWindow in;
  private final int sectionId;
  private boolean footerRead;
  private boolean ended;

  private RamLoan(StreamReader reader, StreamWindow in, int sectionId) {
    this.reader = reader;
    this.in = in;
    this.sectionId = sectionId;
  }

  /// Whether all pages have been visited, so that the body's end may be read.
  abstract boolean isVisited();

  /// Reads what is left of the body.
  abstract void finishBody() throws IOException;

  /// Stream offset of a byte of the memory that visitors get.
  abstract long streamOffsetOf(long windowOffset);

  /// Reads to the section's end.
  ///
  /// @return whether a footer stands there
  final boolean readToEnd() throws IOException {
    if (!footerRead) {
      guarded(
          () -> {
            finishBody();
            reader.footers.read(sectionId);
          });
      footerRead = true;
    }
    return reader.footers.mayBe();
  }

  /// From now on the pages cannot be read.
  final void end() {
    ended = true;
  }

  final void requireLoan() {
    if (ended) {
      throw new IllegalStateException("the loan of these pages has ended");
    }
  }

  final void guarded(Reading reading) throws IOException {
    try {
      reading.run();
    } catch (StreamException e) {
      throw reader.failed(e);
    } catch (InternalError e) {
      throw reader.failed(in.cut(e));
    }
  }

  /// Something that reads from the stream.
  interface Reading {
    void run() throws IOException;
  }

  /// Records, which can be read once.
  static final class Records extends RamLoan {
    private final RamRecordReader from;
    private boolean begun;
    private boolean bodyRead;

    Records(StreamReader reader, StreamWindow in, int sectionId, RamRecordReader from) {
      super(reader, in, sectionId);
      this.from = from;
    }

    @Override
    public void forEach(PageVisitor visitor) throws IOException {
      readBody(() -> from.forEach(visitor));
    }

    @Override
    public void forEachRecord(RamRecordVisitor visitor) throws IOException {
      readBody(() -> from.forEachRecord(visitor));
    }

    /// Copies the body as it stands in the stream.
    ///
    /// @return whether a footer follows it
    boolean copyTo(StreamWriter out) throws IOException {
      readBody(() -> from.copyTo(out));
      return readToEnd();
    }

    private void readBody(Reading reading) throws IOException {
      requireLoan();
      if (begun) {
        throw new IllegalStateException("these pages have been read");
      }
      begun = true;
      guarded(reading);
      bodyRead = true;
    }

    @Override
    boolean isVisited() {
      return bodyRead;
    }

    @Override
    void finishBody() throws IOException {
      begun = true;
      if (!bodyRead) {
        from.skip();
        bodyRead = true;
      }
    }

    @Override
    long streamOffsetOf(long windowOffset) {
      return in.base + windowOffset;
    }
  }

  /// A section of a `mapped-ram` stream: START has the pages of the regions, the others have none.
  /// They can be visited more than once.
  static final class Regions extends RamLoan {
    private static final String CONTEXT = "RAM record";

    private final MappedRegions from;
    private final boolean start;

    Regions(
        StreamReader reader, StreamWindow in, int sectionId, MappedRegions from, boolean start) {
      super(reader, in, sectionId);
      this.from = from;
      this.start = start;
    }

    @Override
    public void forEach(PageVisitor visitor) throws IOException {
      requireLoan();
      if (start) {
        guarded(() -> from.forEach(visitor));
      }
    }

    /// The regions, while the loan lasts.
    MappedRegions regions() {
      requireLoan();
      return from;
    }

    @Override
    boolean isVisited() {
      return true;
    }

    @Override
    void finishBody() throws IOException {
      long at = in.streamOffset();
      long word = in.be64(CONTEXT);
      if (word != RamRecords.EOS) {
        throw in.malformed(
            "record 0x" + Long.toHexString(word) + " in a mapped-ram stream", at, CONTEXT);
      }
    }

    @Override
    long streamOffsetOf(long windowOffset) {
      return from.streamOffsetOf(windowOffset);
    }
  }
}
