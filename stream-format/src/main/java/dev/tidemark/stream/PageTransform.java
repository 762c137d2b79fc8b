// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// A rule about pages: made once for each RAM section, it takes the section's pages and hands on
/// what is to stand in their place. [StreamTransform#transformingPages] makes a rule about streams
/// of it.
///
/// What comes of it per page must allocate nothing and must not keep the window. Those made here
/// have no state and may serve many streams.
@FunctionalInterface
public interface PageTransform {
  /// Hands every page on as it is.
  PageTransform IDENTITY = out -> out;

  /// A visitor that takes pages and hands on what comes of them.
  ///
  /// @param out takes what comes of them
  PageVisitor into(PageVisitor out);

  /// This one, and another behind it.
  ///
  /// @param next takes what this one hands on
  default PageTransform andThen(PageTransform next) {
    return out -> into(next.into(out));
  }

  /// Leaves pages out. What a destination finds in their place is what it had before: zeroes in
  /// plain
  /// RAM, but its own content in ROM.
  ///
  /// @param which pages to leave out
  static PageTransform dropping(PageSelector which) {
    return out ->
        new SelectedPages(which, out) {
          @Override
          void selected(RamBlock block, long pageOffset) {
            // Left out.
          }
        };
  }

  /// Makes pages zero.
  ///
  /// @param which pages to make zero
  static PageTransform zeroing(PageSelector which) {
    return out ->
        new SelectedPages(which, out) {
          @Override
          void selected(RamBlock block, long pageOffset) throws IOException {
            out.zeroPage(block, pageOffset);
          }
        };
  }

  /// Gives pages another content.
  ///
  /// @param which pages to replace
  /// @param content what they get: the first target page size bytes of it; not copied
  static PageTransform replacing(PageSelector which, MemorySegment content) {
    return out ->
        new SelectedPages(which, out) {
          @Override
          void selected(RamBlock block, long pageOffset) throws IOException {
            out.page(block, pageOffset, content, 0);
          }
        };
  }
}
