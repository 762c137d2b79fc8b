// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.analysis;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.ToLongFunction;

/// The pages of a checkpoint's RAM blocks, counted by kind. No content is read for it.
///
/// @param blocks one for each RAM block, in block-list order
/// @param resent page records beyond the first of each page; absent where the format does not tell
public record RamSurvey(List<Block> blocks, OptionalLong resent) {
  /// Copies the list.
  public RamSurvey {
    blocks = List.copyOf(blocks);
  }

  /// The pages of a RAM block.
  ///
  /// @param block the block
  /// @param data pages with content
  /// @param zero pages recorded as zeroes
  /// @param missing pages for which nothing is recorded
  /// @param resent page records beyond the first of each page; absent where the format does not
  ///     tell
  public record Block(RamBlock block, long data, long zero, long missing, OptionalLong resent) {
    /// All pages.
    public long pages() {
      return data + zero + missing;
    }
  }

  /// Takes neighbouring pages of one kind.
  @FunctionalInterface
  public interface RunVisitor {
    /// A run.
    ///
    /// @param block where it is
    /// @param start offset of its first byte inside the block
    /// @param end offset behind its last byte
    /// @param kind what is held for its pages
    /// @throws IOException if it cannot be taken
    void run(RamBlock block, long start, long end, PageKind kind) throws IOException;
  }

  /// Counts the pages of a checkpoint.
  ///
  /// @param checkpoint stays open
  /// @throws IOException if it cannot be read
  public static RamSurvey of(Checkpoint checkpoint) throws IOException {
    List<Block> blocks = new ArrayList<>();
    int pageSize = checkpoint.targetPageSize();
    for (RamBlock block : checkpoint.ramBlocks()) {
      Counter counter = new Counter(pageSize);
      forEachRun(checkpoint, block, counter);
      blocks.add(
          new Block(
              block, counter.data, counter.zero, counter.missing, checkpoint.resentPages(block)));
    }
    return new RamSurvey(blocks, checkpoint.resentPages());
  }

  private static final class Counter implements RunVisitor {
    private final int pageSize;
    private long data;
    private long zero;
    private long missing;

    Counter(int pageSize) {
      this.pageSize = pageSize;
    }

    @Override
    public void run(RamBlock block, long start, long end, PageKind kind) {
      long pages = (end - start) / pageSize;
      switch (kind) {
        case DATA -> data += pages;
        case ZERO -> zero += pages;
        case MISSING -> missing += pages;
      }
    }
  }

  /// Visits the runs of a block in address order; neighbouring runs are of different kinds.
  ///
  /// @param checkpoint stays open
  /// @param block one of its RAM blocks
  /// @param visitor takes the runs
  /// @throws IOException if the checkpoint cannot be read, or the visitor throws
  public static void forEachRun(Checkpoint checkpoint, RamBlock block, RunVisitor visitor)
      throws IOException {
    long start = 0;
    while (start < block.usedLength()) {
      long end = checkpoint.endOfKind(block, start, block.usedLength());
      visitor.run(block, start, end, checkpoint.pageKind(block, start));
      start = end;
    }
  }

  /// Sum of the used lengths.
  public long bytes() {
    return sum(block -> block.block().usedLength());
  }

  /// All pages.
  public long pages() {
    return sum(Block::pages);
  }

  /// Pages with content.
  public long data() {
    return sum(Block::data);
  }

  /// Pages recorded as zeroes.
  public long zero() {
    return sum(Block::zero);
  }

  /// Pages for which nothing is recorded.
  public long missing() {
    return sum(Block::missing);
  }

  private long sum(ToLongFunction<Block> part) {
    return blocks.stream().mapToLong(part).sum();
  }
}
