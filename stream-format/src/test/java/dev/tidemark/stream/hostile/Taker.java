// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.stream.ram.DeltaVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamRecordVisitor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Takes every page and record, checks what it is told, and touches every byte on loan.
final class Taker implements DeltaVisitor, RamRecordVisitor {
  private final int pageSize;

  /// Of all pages by place and content, in order.
  private long hash;

  Taker(int pageSize, long hash) {
    this.pageSize = pageSize;
    this.hash = hash;
  }

  long hash() {
    return hash;
  }

  private void at(RamBlock block, long pageOffset) {
    if (pageOffset < 0
        || pageOffset % pageSize != 0
        || pageOffset > block.usedLength() - pageSize) {
      throw new AssertionError("page at " + pageOffset + " of " + block);
    }
    hash = (hash * 31 + block.index()) * 31 + pageOffset;
  }

  private void take(MemorySegment window, long at, int length) {
    for (long i = at; i < at + length; i++) {
      hash = hash * 31 + window.get(ValueLayout.JAVA_BYTE, i);
    }
  }

  @Override
  public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
    at(block, pageOffset);
    take(window, windowOffset, pageSize);
  }

  @Override
  public void zeroPage(RamBlock block, long pageOffset) {
    at(block, pageOffset);
  }

  @Override
  public void xbzrlePage(
      RamBlock block, long pageOffset, MemorySegment window, long windowOffset, int length) {
    if (length < 0 || length > pageSize) {
      throw new AssertionError("a delta of " + length + " bytes");
    }
    at(block, pageOffset);
    take(window, windowOffset, length);
  }

  @Override
  public void page(
      RamBlock block, long pageOffset, boolean continued, MemorySegment window, long windowOffset) {
    page(block, pageOffset, window, windowOffset);
  }

  @Override
  public void zeroPage(RamBlock block, long pageOffset, boolean continued, byte fill) {
    at(block, pageOffset);
    hash = hash * 31 + fill;
  }

  @Override
  public void xbzrlePage(
      RamBlock block,
      long pageOffset,
      boolean continued,
      MemorySegment window,
      long windowOffset,
      int length) {
    xbzrlePage(block, pageOffset, window, windowOffset, length);
  }

  @Override
  public void compressedPage(
      RamBlock block,
      long pageOffset,
      boolean continued,
      MemorySegment window,
      long windowOffset,
      int length) {
    at(block, pageOffset);
    take(window, windowOffset, length);
  }

  @Override
  public void multifdFlush() {
    hash = hash * 31 + 1;
  }
}
