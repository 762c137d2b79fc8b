// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.ram;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// Takes the records of a RAM section as they stand on the wire, in stream order.
///
/// For whoever wants the encoding; the content of pages comes to a [PageVisitor].
///
/// Format: `RAM_SAVE_FLAG_*` in `migration/ram.c`, QEMU 10.0.2.
public interface RamRecordVisitor {
  /// `RAM_SAVE_FLAG_PAGE`: a page with content.
  ///
  /// @param block the RAM block it belongs to
  /// @param pageOffset offset inside the block in bytes, a multiple of the target page size
  /// @param continued whether the record has CONTINUE instead of the block's name
  /// @param window where its `targetPageSize` bytes are; a loan that ends when this method returns
  /// @param windowOffset where in `window` they start
  /// @throws IOException if the record cannot be taken
  void page(
      RamBlock block, long pageOffset, boolean continued, MemorySegment window, long windowOffset)
      throws IOException;

  /// `RAM_SAVE_FLAG_ZERO`: a page whose bytes are all the same.
  ///
  /// @param block the RAM block it belongs to
  /// @param pageOffset offset inside the block in bytes, a multiple of the target page size
  /// @param continued whether the record has CONTINUE instead of the block's name
  /// @param fill the value of its bytes; other than 0 only in old streams
  /// @throws IOException if the record cannot be taken
  void zeroPage(RamBlock block, long pageOffset, boolean continued, byte fill) throws IOException;

  /// `RAM_SAVE_FLAG_XBZRLE`: what has changed since the page was sent last.
  ///
  /// @param block the RAM block it belongs to
  /// @param pageOffset offset inside the block in bytes, a multiple of the target page size
  /// @param continued whether the record has CONTINUE instead of the block's name
  /// @param window where the encoded bytes are; a loan that ends when this method returns
  /// @param windowOffset where in `window` they start
  /// @param length how many they are, 0 to the target page size
  /// @throws IOException if the record cannot be taken
  void xbzrlePage(
      RamBlock block,
      long pageOffset,
      boolean continued,
      MemorySegment window,
      long windowOffset,
      int length)
      throws IOException;

  /// `RAM_SAVE_FLAG_COMPRESS_PAGE`: a page as a zlib stream of its own, by the `compress`
  /// capability of QEMU before 9.1.
  ///
  /// @param block the RAM block it belongs to
  /// @param pageOffset offset inside the block in bytes, a multiple of the target page size
  /// @param continued whether the record has CONTINUE instead of the block's name
  /// @param window where the compressed bytes are; a loan that ends when this method returns
  /// @param windowOffset where in `window` they start
  /// @param length how many they are
  /// @throws IOException if the record cannot be taken
  void compressedPage(
      RamBlock block,
      long pageOffset,
      boolean continued,
      MemorySegment window,
      long windowOffset,
      int length)
      throws IOException;

  /// `RAM_SAVE_FLAG_MULTIFD_FLUSH`: the multifd channels are to be read up to their next SYNC.
  ///
  /// @throws IOException if the record cannot be taken
  void multifdFlush() throws IOException;
}
