// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.ram;

import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Pages of records that are values.
///
/// @param records in stream order
/// @param pageSize bytes of a page
record RecordPages(List<RamRecord> records, int pageSize) implements RamPages {
  @Override
  public void forEach(PageVisitor visitor) throws IOException {
    try (PageInflater inflater = new PageInflater(pageSize)) {
      Contents contents = new Contents(visitor, inflater, pageSize);
      for (RamRecord record : records) {
        record.to(contents);
      }
    }
  }

  @Override
  public void forEachRecord(RamRecordVisitor visitor) throws IOException {
    for (RamRecord record : records) {
      record.to(visitor);
    }
  }

  /// Turns records into pages. Offsets in a stream are not known here.
  private record Contents(PageVisitor visitor, PageInflater inflater, int pageSize)
      implements RamRecordVisitor {
    @Override
    public void page(RamBlock block, long at, boolean continued, MemorySegment w, long wAt)
        throws IOException {
      visitor.page(block, at, w, wAt);
    }

    @Override
    public void zeroPage(RamBlock block, long at, boolean continued, byte fill) throws IOException {
      if (fill == 0) {
        visitor.zeroPage(block, at);
      } else {
        MemorySegment page = MemorySegment.ofArray(new byte[pageSize]).fill(fill);
        visitor.filledPage(block, at, fill, page, 0);
      }
    }

    @Override
    public void xbzrlePage(
        RamBlock block, long at, boolean continued, MemorySegment w, long wAt, int length)
        throws IOException {
      if (!(visitor instanceof DeltaVisitor deltas)) {
        throw new StreamException.Unsupported(
            "XBZRLE record for a visitor that takes none", 0, "RAM record");
      }
      int wrong = Xbzrle.fault(w, wAt, length, pageSize);
      if (wrong >= 0) {
        throw Xbzrle.malformed(wrong);
      }
      deltas.xbzrlePage(block, at, w, wAt, length);
    }

    @Override
    public void compressedPage(
        RamBlock block, long at, boolean continued, MemorySegment w, long wAt, int length)
        throws IOException {
      visitor.page(block, at, inflater.inflate(w, wAt, length, 0), 0);
    }

    @Override
    public void multifdFlush() {}
  }
}
