// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.ram;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// Takes the pages of a RAM section, in stream order. A later page replaces an earlier one of the
/// same block and offset.
public interface PageVisitor {
  /// A page with content.
  ///
  /// @param block the RAM block it belongs to
  /// @param pageOffset offset inside the block in bytes, a multiple of the target page size
  /// @param window where its `targetPageSize` bytes are; a loan that ends when this method returns
  /// @param windowOffset where in `window` they start
  /// @throws IOException if the page cannot be taken
  void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset)
      throws IOException;

  /// A page that is all zeroes (`RAM_SAVE_FLAG_ZERO`); it carries no bytes.
  ///
  /// @param block the RAM block it belongs to
  /// @param pageOffset offset inside the block in bytes, a multiple of the target page size
  /// @throws IOException if the page cannot be taken
  void zeroPage(RamBlock block, long pageOffset) throws IOException;

  /// A page whose bytes all have one value other than zero; only old streams have them. Unless
  /// overridden this is a [#page].
  ///
  /// @param block the RAM block it belongs to
  /// @param pageOffset offset inside the block in bytes, a multiple of the target page size
  /// @param fill the value of its bytes
  /// @param window where its `targetPageSize` bytes are, spelled out; a loan that ends when this
  ///     method returns
  /// @param windowOffset where in `window` they start
  /// @throws IOException if the page cannot be taken
  default void filledPage(
      RamBlock block, long pageOffset, byte fill, MemorySegment window, long windowOffset)
      throws IOException {
    page(block, pageOffset, window, windowOffset);
  }
}
