// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.ram;

import java.io.IOException;

/// The page records of one RAM section, in stream order.
///
/// From a reader this is a loan: readable once, until the reader's next element. Made by hand it is
/// whatever calls the visitor.
@FunctionalInterface
public interface RamPages {
  /// No pages.
  RamPages NONE = visitor -> {};

  /// Visits all pages, in stream order. From a reader it waits for no more bytes than the page at
  /// hand needs, and allocates nothing per page.
  ///
  /// @param visitor takes the pages
  /// @throws IOException if the stream cannot be read, or the visitor throws
  /// @throws IllegalStateException if these pages were a loan that has ended, or have been read
  void forEach(PageVisitor visitor) throws IOException;
}
