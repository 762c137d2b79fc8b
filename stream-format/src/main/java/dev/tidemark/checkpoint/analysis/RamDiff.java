// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.analysis;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What differs between the RAM of two checkpoints, page by page: the newest contents are compared,
/// byte by byte, whatever formats they are stored in. RAM blocks are the same if their names are.
///
/// A page that holds nothing but zeroes in one checkpoint and other bytes in the second is only in
/// the second; whether its zeroes are stored, recorded or missing makes no difference, unless
/// [Options#strict].
///
/// @param blocks those that both have, in the first one's order
/// @param onlyFirst blocks that only the first has
/// @param onlySecond blocks that only the second has
public record RamDiff(List<Block> blocks, List<RamBlock> onlyFirst, List<RamBlock> onlySecond) {
  /// Copies the lists.
  public RamDiff {
    blocks = List.copyOf(blocks);
    onlyFirst = List.copyOf(onlyFirst);
    onlySecond = List.copyOf(onlySecond);
  }

  /// How a page differs.
  public enum Difference {
    /// Both hold bytes other than zero, and not the same.
    CONTENT,
    /// Only the first holds bytes other than zero, or, if strict, records the page at all.
    ONLY_FIRST,
    /// Only the second does.
    ONLY_SECOND
  }

  /// How to compare.
  ///
  /// @param strict whether a page that is recorded and one that is missing differ, even if both
  ///     read as zeroes
  /// @param threads how many read, 1 or more
  /// @param progress told how many bytes of RAM are compared
  public record Options(boolean strict, int threads, Progress progress) {
    /// Zero and missing are the same; a thread for each processor, at most four.
    public static final Options DEFAULT =
        new Options(
            false, Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 4), Progress.NONE);

    /// The same, but strict or not.
    ///
    /// @param on whether recorded and missing differ
    public Options withStrict(boolean on) {
      return new Options(on, threads, progress);
    }

    /// The same with a listener.
    ///
    /// @param listener told how many bytes of RAM are compared
    public Options withProgress(Progress listener) {
      return new Options(strict, threads, listener);
    }
  }

  /// What differs in a RAM block that both have.
  ///
  /// @param first it in the first checkpoint
  /// @param second it in the second one; its used length may be another, then what only the longer
  ///     one has is compared with zeroes
  /// @param pageSize bytes of a page
  /// @param pages which pages differ
  public record Block(RamBlock first, RamBlock second, int pageSize, DifferentPages pages) {
    /// Pages that differ in some way.
    ///
    /// @param difference in which
    public long count(Difference difference) {
      return pages.count(difference);
    }

    /// All pages, of the longer one.
    public long total() {
      return Math.max(first.usedLength(), second.usedLength()) / pageSize;
    }

    /// Pages that are the same.
    public long equal() {
      long different = 0;
      for (Difference difference : Difference.values()) {
        different += count(difference);
      }
      return total() - different;
    }

    /// Visits runs of neighbouring pages that differ in the same way, in address order.
    ///
    /// @param visitor takes them
    /// @throws IOException if the visitor throws
    public void forEachRange(RangeVisitor visitor) throws IOException {
      pages.forEachRun(
          total(),
          (start, end, difference) -> visitor.range(start * pageSize, end * pageSize, difference));
    }
  }

  /// Takes ranges of pages that differ.
  @FunctionalInterface
  public interface RangeVisitor {
    /// A range.
    ///
    /// @param start offset of its first byte inside the block
    /// @param end offset behind its last byte
    /// @param difference how its pages differ
    /// @throws IOException if it cannot be taken
    void range(long start, long end, Difference difference) throws IOException;
  }

  /// Whether nothing differs.
  public boolean isEmpty() {
    return onlyFirst.isEmpty()
        && onlySecond.isEmpty()
        && blocks.stream()
            .allMatch(
                b -> b.first().usedLength() == b.second().usedLength() && b.equal() == b.total());
  }

  /// Compares.
  ///
  /// @param first stays open
  /// @param second stays open
  /// @param options how to compare
  /// @throws StreamException.Unsupported if their target pages are of different sizes
  /// @throws IOException if one of them cannot be read
  /// @throws InterruptedException if the thread is interrupted meanwhile
  public static RamDiff between(Checkpoint first, Checkpoint second, Options options)
      throws IOException, InterruptedException {
    if (first.targetPageSize() != second.targetPageSize()) {
      throw new StreamException.Unsupported(
          "comparison with target pages of %d bytes, these are of %d"
              .formatted(first.targetPageSize(), second.targetPageSize()),
          0,
          "RAM");
    }
    Map<String, RamBlock> others = new LinkedHashMap<>();
    second.ramBlocks().forEach(block -> others.put(block.idstr(), block));
    List<Block> both = new ArrayList<>();
    List<RamBlock> onlyFirst = new ArrayList<>();
    for (RamBlock block : first.ramBlocks()) {
      RamBlock other = others.remove(block.idstr());
      if (other == null) {
        onlyFirst.add(block);
      } else {
        both.add(new Block(block, other, first.targetPageSize(), new DifferentPages()));
      }
    }
    try (PageComparison comparison = new PageComparison(first, second, options)) {
      comparison.compare(both);
    }
    return new RamDiff(both, onlyFirst, List.copyOf(others.values()));
  }
}
