// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.ram;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// One record of a RAM section as a value, as it stands on the wire; `RAM_SAVE_FLAG_*`.
///
/// For whoever wants to hold, compare or rearrange records: each is an object with its own copy of
/// the content. A [RamRecordVisitor] sees the same without allocating. Byte arrays in records are
/// given away by whoever makes one, and must not be changed by whoever reads one.
///
/// Format: `RAM_SAVE_FLAG_*` in `migration/ram.c`, QEMU 10.0.2.
public sealed interface RamRecord {
  /// Hands the record to a visitor.
  ///
  /// @param visitor takes it
  /// @throws IOException if the visitor throws
  void to(RamRecordVisitor visitor) throws IOException;

  /// `RAM_SAVE_FLAG_PAGE`: a page with content.
  ///
  /// @param block the RAM block it belongs to
  /// @param pageOffset offset inside the block in bytes, a multiple of the target page size
  /// @param continued whether the record has CONTINUE instead of the block's name
  /// @param content the page's bytes
  record Page(RamBlock block, long pageOffset, boolean continued, byte[] content)
      implements RamRecord {
    @Override
    public void to(RamRecordVisitor visitor) throws IOException {
      visitor.page(block, pageOffset, continued, MemorySegment.ofArray(content), 0);
    }
  }

  /// `RAM_SAVE_FLAG_ZERO`: a page whose bytes are all the same.
  ///
  /// @param block the RAM block it belongs to
  /// @param pageOffset offset inside the block in bytes, a multiple of the target page size
  /// @param continued whether the record has CONTINUE instead of the block's name
  /// @param fill the value of its bytes; QEMU writes 0 only, and 10.0 refuses any other
  record ZeroPage(RamBlock block, long pageOffset, boolean continued, byte fill)
      implements RamRecord {
    @Override
    public void to(RamRecordVisitor visitor) throws IOException {
      visitor.zeroPage(block, pageOffset, continued, fill);
    }
  }

  /// `RAM_SAVE_FLAG_XBZRLE`: what has changed since the page was sent last.
  ///
  /// @param block the RAM block it belongs to
  /// @param pageOffset offset inside the block in bytes, a multiple of the target page size
  /// @param continued whether the record has CONTINUE instead of the block's name
  /// @param delta as [Xbzrle] has it, at most a target page and 65535 bytes
  record XbzrlePage(RamBlock block, long pageOffset, boolean continued, byte[] delta)
      implements RamRecord {
    @Override
    public void to(RamRecordVisitor visitor) throws IOException {
      visitor.xbzrlePage(
          block, pageOffset, continued, MemorySegment.ofArray(delta), 0, delta.length);
    }
  }

  /// `RAM_SAVE_FLAG_COMPRESS_PAGE`: a page as a zlib stream of its own.
  ///
  /// @param block the RAM block it belongs to
  /// @param pageOffset offset inside the block in bytes, a multiple of the target page size
  /// @param continued whether the record has CONTINUE instead of the block's name
  /// @param zlib the compressed bytes, at most [RamRecords#compressBound]
  record CompressedPage(RamBlock block, long pageOffset, boolean continued, byte[] zlib)
      implements RamRecord {
    @Override
    public void to(RamRecordVisitor visitor) throws IOException {
      visitor.compressedPage(
          block, pageOffset, continued, MemorySegment.ofArray(zlib), 0, zlib.length);
    }
  }

  /// `RAM_SAVE_FLAG_MULTIFD_FLUSH`: the multifd channels are to be read up to their next SYNC.
  record MultifdFlush() implements RamRecord {
    @Override
    public void to(RamRecordVisitor visitor) throws IOException {
      visitor.multifdFlush();
    }
  }

  /// All records of a section as values. Needs memory for all of them.
  ///
  /// @param pages of the section; read
  /// @param targetPageSize bytes of a page
  /// @throws IOException if the pages cannot be read
  static List<RamRecord> listOf(RamPages pages, int targetPageSize) throws IOException {
    List<RamRecord> records = new ArrayList<>();
    pages.forEachRecord(
        new RamRecordVisitor() {
          @Override
          public void page(RamBlock block, long at, boolean continued, MemorySegment w, long wAt) {
            records.add(new Page(block, at, continued, bytes(w, wAt, targetPageSize)));
          }

          @Override
          public void zeroPage(RamBlock block, long at, boolean continued, byte fill) {
            records.add(new ZeroPage(block, at, continued, fill));
          }

          @Override
          public void xbzrlePage(
              RamBlock block, long at, boolean continued, MemorySegment w, long wAt, int length) {
            records.add(new XbzrlePage(block, at, continued, bytes(w, wAt, length)));
          }

          @Override
          public void compressedPage(
              RamBlock block, long at, boolean continued, MemorySegment w, long wAt, int length) {
            records.add(new CompressedPage(block, at, continued, bytes(w, wAt, length)));
          }

          @Override
          public void multifdFlush() {
            records.add(new MultifdFlush());
          }
        });
    return records;
  }

  private static byte[] bytes(MemorySegment window, long at, int length) {
    return window.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE);
  }
}
