// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Parses every page record of a body in order and compares with the page index.
///
/// For each page the kind of its last record is kept. The index is right if no record of a page is
/// newer than its entry, each entry is met by a record, and the last kinds are the index's.
final class RecordChecker implements RecordParser.Visitor {
  /// Memory for last kinds, one byte a page, that is granted whatever the size of the file.
  private static final long GRANTED = 256 << 20;

  /// Last kinds; a missing page is 0.
  private static final byte ZERO = 1;

  private static final byte DATA = 2;

  private final ArchiveCheckpoint checkpoint;
  private final RecordParser parser;
  private final PageIndex index;
  private final MemorySegment lastKinds;
  private final int pageSize;

  private long run;
  private long records;
  private long zeroes;
  private long hits;

  private long block;

  RecordChecker(ArchiveCheckpoint checkpoint) throws IOException {
    this.checkpoint = checkpoint;
    RamLayout layout = checkpoint.layout();
    this.parser = new RecordParser(layout);
    this.index = checkpoint.index();
    this.pageSize = layout.pageSize();
    long most = GRANTED + 2 * checkpoint.input().size();
    if (layout.pages() > most) {
      throw new StreamException.LimitExceeded(
          layout.pages() + " pages to verify, limit " + most, 0, "section FACT");
    }
    this.lastKinds = Arena.ofAuto().allocate(Math.max(1, layout.pages()));
  }

  /// Parses the records of a block.
  void check(BlockReader reader) throws IOException {
    block = reader.block();
    parser.parse(reader.decoder(), checkpoint.table().offset(block), this);
  }

  private StreamException malformed(String what) {
    return new StreamException.Malformed(
        what, checkpoint.table().offset(block), BlockReader.CONTEXT);
  }

  @Override
  public void zero(int ramBlock, long pageOffset, long page) {
    records++;
    zeroes++;
    lastKinds.set(ValueLayout.JAVA_BYTE, page, ZERO);
  }

  @Override
  public void data(int ramBlock, long pageOffset, long page, int data) throws StreamException {
    records++;
    long here = PageLocation.data(block, data);
    long entry = entry(page);
    if (PageLocation.isData(entry)) {
      if (here > entry) {
        throw malformed("record newer than the index entry of its page");
      }
      if (here == entry) {
        hits++;
      }
    }
    lastKinds.set(ValueLayout.JAVA_BYTE, page, DATA);
  }

  /// The page's index entry, looked for first in the run of the page before.
  private long entry(long page) {
    if (page < index.firstPage(run) || page >= index.firstPage(run + 1)) {
      run = index.runOf(page);
    }
    long location = index.location(run);
    return PageLocation.isData(location)
        ? location + (page - index.firstPage(run)) * RecordPlaces.stride(pageSize)
        : location;
  }

  /// Compares what only the end shows.
  void finish() throws StreamException {
    Facts facts = checkpoint.archive().facts();
    if (records != facts.pageRecords() || zeroes != facts.zeroRecords()) {
      throw wrongIndex(records + " records, " + zeroes + " of them zero pages, not as counted");
    }
    long data = 0;
    for (long r = 0; r < index.runs(); r++) {
      PageKind kind = PageLocation.kind(index.location(r));
      for (long page = index.firstPage(r); page < index.firstPage(r + 1); page++) {
        PageKind last = lastKind(page);
        if (last != kind) {
          throw wrongIndex("index has " + kind + " for page " + page + " which is " + last);
        }
      }
      data += kind == PageKind.DATA ? index.firstPage(r + 1) - index.firstPage(r) : 0;
    }
    if (data != hits) {
      throw wrongIndex("index entries that lead to no record");
    }
  }

  private PageKind lastKind(long page) {
    return switch (lastKinds.get(ValueLayout.JAVA_BYTE, page)) {
      case DATA -> PageKind.DATA;
      case ZERO -> PageKind.ZERO;
      default -> PageKind.MISSING;
    };
  }

  private StreamException wrongIndex(String what) {
    long offset = checkpoint.archive().trailer().bodyEnd();
    return new StreamException.Malformed(what, offset, "page index");
  }
}
