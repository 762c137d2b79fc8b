// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// Hands on what is not selected.
abstract class SelectedPages implements PageVisitor {
  private final PageSelector which;
  private final PageVisitor out;

  SelectedPages(PageSelector which, PageVisitor out) {
    this.which = which;
    this.out = out;
  }

  abstract void selected(RamBlock block, long pageOffset) throws IOException;

  @Override
  public final void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset)
      throws IOException {
    if (which.selects(block, pageOffset)) {
      selected(block, pageOffset);
    } else {
      out.page(block, pageOffset, window, windowOffset);
    }
  }

  @Override
  public final void zeroPage(RamBlock block, long pageOffset) throws IOException {
    if (which.selects(block, pageOffset)) {
      selected(block, pageOffset);
    } else {
      out.zeroPage(block, pageOffset);
    }
  }

  @Override
  public final void filledPage(
      RamBlock block, long pageOffset, byte fill, MemorySegment window, long windowOffset)
      throws IOException {
    if (which.selects(block, pageOffset)) {
      selected(block, pageOffset);
    } else {
      out.filledPage(block, pageOffset, fill, window, windowOffset);
    }
  }
}
