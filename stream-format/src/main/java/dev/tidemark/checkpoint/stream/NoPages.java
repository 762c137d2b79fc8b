// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.stream;

import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.lang.foreign.MemorySegment;

/// Takes the pages of a stream that has none.
enum NoPages implements PageVisitor {
  INSTANCE;

  private static final String CONTEXT = "device state";

  @Override
  public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset)
      throws StreamException {
    throw new StreamException.Malformed("a page behind the pages", 0, CONTEXT);
  }

  @Override
  public void zeroPage(RamBlock block, long pageOffset) throws StreamException {
    throw new StreamException.Malformed("a page behind the pages", 0, CONTEXT);
  }
}
