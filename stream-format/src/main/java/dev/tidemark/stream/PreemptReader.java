// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamPages;
import dev.tidemark.stream.ram.RamRecordVisitor;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/// The pages on the second connection of a postcopy, which the destination has asked for and which
/// are not to wait behind others.
///
/// RAM records stand there one behind the other, with neither header, sections nor footers.
/// CONTINUE
/// refers to the record before on this connection. EOS ends the records, and so does the end of the
/// input between two of them: some QEMUs close without EOS. Nothing is waited for behind EOS.
///
/// They can be read once, up to the end of the connection. Made by [StreamReader#preempt], written
/// by [StreamWriter#beginPreempt]. Used by one thread at a time, which need not be the one that
/// reads the main connection.
///
/// Format: `postcopy_preempt_thread` in `migration/postcopy-ram.c`, `ram_load_postcopy` in
/// `migration/ram.c`, QEMU 10.0.2.
public final class PreemptReader implements RamPages, Closeable {
  private final StreamWindow in;
  private final boolean piped;
  private final RamRecordReader from;
  private boolean begun;
  private boolean closed;

  PreemptReader(StreamWindow in, boolean piped, int targetPageSize, List<RamBlock> blocks) {
    this.in = in;
    this.piped = piped;
    this.from = RamRecordReader.unframed(in, targetPageSize, blocks);
  }

  /// Visits all pages, in stream order, up to the end of the connection.
  ///
  /// @throws StreamException if the connection breaks the format, or ends inside a record
  @Override
  public void forEach(PageVisitor visitor) throws IOException {
    read(() -> from.forEach(visitor));
  }

  /// Visits all records, in stream order, up to the end of the connection.
  ///
  /// @throws StreamException if the connection breaks the format, or ends inside a record
  @Override
  public void forEachRecord(RamRecordVisitor visitor) throws IOException {
    read(() -> from.forEachRecord(visitor));
  }

  private void read(RamLoan.Reading reading) throws IOException {
    if (closed || begun) {
      throw new IllegalStateException(
          closed ? "the loan of these pages has ended" : "these pages have been read");
    }
    begun = true;
    try {
      reading.run();
      // Of a pipe only what has come anyway is looked at: the source may keep it open.
      if (in.remaining() > 0 || (!piped && in.ensure(1))) {
        throw in.malformed("bytes behind the end of the records", in.streamOffset(), "RAM record");
      }
    } catch (InternalError e) {
      throw in.cut(e);
    }
  }

  /// Whether EOS has been read; without it the end of the input was the end.
  public boolean hasReadEos() {
    return from.hasReadEos();
  }

  /// Offset of the next byte that is to be decoded, in bytes from the start of the connection.
  public long streamOffset() {
    return in.streamOffset();
  }

  /// Closes the input.
  @Override
  public void close() throws IOException {
    closed = true;
    from.close();
    in.close();
  }
}
