// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.stream.ram.RamBlock;

/// Says of each page whether it is meant. Always the same of the same page.
@FunctionalInterface
public interface PageSelector {
  /// Whether a page is meant.
  ///
  /// @param block the RAM block it belongs to
  /// @param pageOffset offset inside the block in bytes, a multiple of the target page size
  boolean selects(RamBlock block, long pageOffset);

  /// All pages of a RAM block.
  ///
  /// @param idstr the block's name
  static PageSelector block(String idstr) {
    return (block, _) -> block.idstr().equals(idstr);
  }

  /// The pages of a RAM block that start in a range.
  ///
  /// @param idstr the block's name
  /// @param start first offset in the block, in bytes
  /// @param length of the range in bytes
  static PageSelector range(String idstr, long start, long length) {
    if (start < 0 || length < 0) {
      throw new IllegalArgumentException("range of " + length + " bytes from " + start);
    }
    return (block, pageOffset) ->
        pageOffset >= start && pageOffset - start < length && block.idstr().equals(idstr);
  }
}
