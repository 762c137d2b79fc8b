// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.ram;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// The page records of one RAM section, in stream order.
///
/// From a reader this is a loan: readable once, until the reader's next element. Made by hand it is
/// whatever calls the visitor.
@FunctionalInterface
public interface RamPages {
  /// No pages.
  RamPages NONE = visitor -> {};

  /// The pages of records that are values, of target pages of 4096 bytes.
  ///
  /// @param records in stream order; copied
  static RamPages of(List<RamRecord> records) {
    return of(records, 4096);
  }

  /// The pages of records that are values. May be visited any number of times.
  ///
  /// @param records in stream order; copied
  /// @param targetPageSize bytes of a page
  static RamPages of(List<RamRecord> records, int targetPageSize) {
    return new RecordPages(List.copyOf(records), targetPageSize);
  }

  /// Visits all pages, in stream order: compressed ones inflated, deltas only if the visitor is a
  /// [DeltaVisitor]. From a reader it waits for no more bytes than the page at
  /// hand needs, and allocates nothing per page.
  ///
  /// @param visitor takes the pages
  /// @throws IOException if the stream cannot be read, or the visitor throws
  /// @throws IllegalStateException if these pages were a loan that has ended, or have been read
  void forEach(PageVisitor visitor) throws IOException;

  /// Visits all records as they stand on the wire, in stream order. Instead of [#forEach], not
  /// beside it. What deltas and compressed pages hold is not looked at.
  ///
  /// Pages made by hand come as pages to a visitor that is a [PageVisitor] too, such as
  /// [dev.tidemark.stream.StreamWriter.RamSectionWriter]; to any other as records that each name
  /// their block.
  ///
  /// @param visitor takes the records
  /// @throws IOException if the stream cannot be read, or the visitor throws
  /// @throws IllegalStateException if these pages were a loan that has ended, or have been read
  default void forEachRecord(RamRecordVisitor visitor) throws IOException {
    if (visitor instanceof PageVisitor pages) {
      forEach(pages);
      return;
    }
    forEach(
        new PageVisitor() {
          @Override
          public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset)
              throws IOException {
            visitor.page(block, pageOffset, false, window, windowOffset);
          }

          @Override
          public void zeroPage(RamBlock block, long pageOffset) throws IOException {
            visitor.zeroPage(block, pageOffset, false, (byte) 0);
          }

          @Override
          public void filledPage(
              RamBlock block, long pageOffset, byte fill, MemorySegment window, long windowOffset)
              throws IOException {
            visitor.zeroPage(block, pageOffset, false, fill);
          }
        });
  }
}
