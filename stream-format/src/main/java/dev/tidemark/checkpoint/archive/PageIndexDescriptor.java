// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

/// Parts of the page index and of the table of archive blocks: packed numbers, compressed.
///
/// ```
///   0                               8                               16
///  +-------------------------------+-------------------------------+
///  |     first page / block        |     number of pages / blocks  |
///  +---------------+---------------+-------------------------------+
///  | runs / 0      | bytes unpacked| one LZ4 block ...
///  +---------------+---------------+
/// ```
///
/// Unpacked, the page index is a sequence of runs of pages (page numbers count through all RAM
/// blocks in block-list order), each a varint `length << 2 | kind`:
///
/// | kind | pages of the run |
/// |---|---|
/// | 0 | are missing |
/// | 1 | are zero pages |
/// | 2 | have records; two more varints say where |
/// | 3 | have records in the next archive block, at the same offset |
///
/// Kind 2 is followed by the archive block minus that of the last run with records, in zigzag, and
/// by the first page's offset in the block's content. Kind 3 is relative to the last run with
/// records. The pages of a run with records stand `target page size + 8` bytes apart: CONTINUE
/// records. Each part starts from archive block 0, offset 0.
///
/// The table of archive blocks holds one varint a block, `bytes of data << 1 | stored`.
final class PageIndexDescriptor {
  static final int FIRST_OFFSET = 0;
  static final int COUNT_OFFSET = 8;
  static final int RUNS_OFFSET = 16;
  static final int RAW_LENGTH_OFFSET = 20;
  static final int HEADER_SIZE = 24;

  /// Most bytes of a part, unpacked.
  static final int MAX_RAW = 1 << 20;

  static final int KIND_MISSING = 0;
  static final int KIND_ZERO = 1;
  static final int KIND_DATA = 2;
  static final int KIND_NEXT = 3;

  private PageIndexDescriptor() {}
}
