// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.stream;

import dev.tidemark.stream.ram.DeltaVisitor;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Hands pages on, and watches that none stays out: those of a mapped-ram file that are not stored
/// are zero pages, and discarded ones come again.
class PassedPages implements PageVisitor {
  private final PageVisitor visitor;
  private final List<RamBlock> blocks;
  private final int pageSize;
  private final DiscardedPages discarded;
  private long contents;
  private long zeroes;

  private boolean mapped;
  private int mappedBlock;
  private long mappedOffset;

  private PassedPages(
      PageVisitor visitor, List<RamBlock> blocks, int pageSize, DiscardedPages discarded) {
    this.visitor = visitor;
    this.blocks = blocks;
    this.pageSize = pageSize;
    this.discarded = discarded;
  }

  /// Takes deltas only if the visitor does.
  static PassedPages to(
      PageVisitor visitor, List<RamBlock> blocks, int pageSize, DiscardedPages discarded) {
    return visitor instanceof DeltaVisitor deltas
        ? new WithDeltas(deltas, blocks, pageSize, discarded)
        : new PassedPages(visitor, blocks, pageSize, discarded);
  }

  /// The pages that come are those of a mapped-ram file, in its order.
  void beginMapped() {
    mapped = true;
  }

  /// All pages of a mapped-ram file have come.
  void endMapped() throws IOException {
    mapped = false;
    zeroesUpTo(blocks.size(), 0);
  }

  private void zeroesUpTo(int block, long pageOffset) throws IOException {
    while (mappedBlock < block || (mappedBlock == block && mappedOffset < pageOffset)) {
      if (mappedOffset < blocks.get(mappedBlock).usedLength()) {
        visitor.zeroPage(blocks.get(mappedBlock), mappedOffset);
        mappedOffset += pageSize;
      } else {
        mappedBlock++;
        mappedOffset = 0;
      }
    }
  }

  private void content(RamBlock block, long pageOffset) throws IOException {
    contents++;
    discarded.received(block, pageOffset);
    if (mapped) {
      zeroesUpTo(block.index(), pageOffset);
      mappedOffset += pageSize;
    }
  }

  /// Whether any page has come.
  boolean hasPages() {
    return records() > 0;
  }

  /// How many page records have come.
  long records() {
    return contents + zeroes;
  }

  /// Whether a page with content has come.
  boolean hasContent() {
    return contents > 0;
  }

  @Override
  public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset)
      throws IOException {
    content(block, pageOffset);
    visitor.page(block, pageOffset, window, windowOffset);
  }

  @Override
  public void zeroPage(RamBlock block, long pageOffset) throws IOException {
    zeroes++;
    discarded.received(block, pageOffset);
    visitor.zeroPage(block, pageOffset);
  }

  @Override
  public void filledPage(
      RamBlock block, long pageOffset, byte fill, MemorySegment window, long windowOffset)
      throws IOException {
    content(block, pageOffset);
    visitor.filledPage(block, pageOffset, fill, window, windowOffset);
  }

  private static final class WithDeltas extends PassedPages implements DeltaVisitor {
    private final DeltaVisitor deltas;

    WithDeltas(DeltaVisitor deltas, List<RamBlock> blocks, int pageSize, DiscardedPages discarded) {
      super(deltas, blocks, pageSize, discarded);
      this.deltas = deltas;
    }

    @Override
    public void xbzrlePage(
        RamBlock block, long pageOffset, MemorySegment window, long windowOffset, int length)
        throws IOException {
      super.content(block, pageOffset);
      deltas.xbzrlePage(block, pageOffset, window, windowOffset, length);
    }
  }
}
