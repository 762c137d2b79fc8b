// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.analysis;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/// A RAM block, drawn small: cells of equally many neighbouring pages, in address order.
///
/// @param block the block
/// @param pagesPerCell pages of each cell, a power of two; the last may have fewer
/// @param cells none if the block is empty
public record HeatMap(RamBlock block, long pagesPerCell, List<Cell> cells) {
  /// Pages with content that are looked at in each cell.
  private static final int SAMPLES = 4;

  /// Cells that a small block may have however large the others are.
  private static final int FEW_CELLS = 64;

  /// Most cells of all blocks together.
  private static final int MOST_CELLS = 1 << 16;

  /// Copies the list.
  public HeatMap {
    cells = List.copyOf(cells);
  }

  /// Some pages.
  ///
  /// @param data pages with content
  /// @param zero pages recorded as zeroes
  /// @param missing pages for which nothing is recorded
  /// @param entropy mean entropy of at most four of the pages with content, 0 to 8 bits per byte;
  ///     absent if there are none
  public record Cell(long data, long zero, long missing, OptionalDouble entropy) {}

  /// Draws all blocks of a checkpoint.
  ///
  /// @param checkpoint stays open
  /// @param mostCells most cells of the largest block; smaller ones have fewer, and all have where
  ///     there are very many blocks
  /// @return one for each RAM block, in block-list order
  /// @throws IOException if the checkpoint cannot be read
  public static List<HeatMap> of(Checkpoint checkpoint, int mostCells) throws IOException {
    int blocks = Math.max(1, checkpoint.ramBlocks().size());
    long most = Math.clamp(MOST_CELLS / blocks, 1, mostCells);
    long largest = checkpoint.ramBlocks().stream().mapToLong(RamBlock::usedLength).max().orElse(0);
    Painter painter = new Painter(checkpoint);
    List<HeatMap> maps = new ArrayList<>();
    for (RamBlock block : checkpoint.ramBlocks()) {
      long pages = block.usedLength() / checkpoint.targetPageSize();
      long perCell = 1;
      double share = Math.sqrt((double) block.usedLength() / Math.max(1, largest));
      long cells = Math.max(Math.min(FEW_CELLS, most), (long) (most * share));
      while ((pages + perCell - 1) / perCell > cells) {
        perCell *= 2;
      }
      maps.add(painter.paint(block, pages, perCell));
    }
    return maps;
  }

  private static final class Painter {
    private final Checkpoint checkpoint;
    private final int pageSize;
    private final PageEntropy entropy;
    private final MemorySegment page;

    Painter(Checkpoint checkpoint) {
      this.checkpoint = checkpoint;
      this.pageSize = checkpoint.targetPageSize();
      this.entropy = new PageEntropy(pageSize);
      this.page = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(pageSize));
    }

    HeatMap paint(RamBlock block, long pages, long perCell) throws IOException {
      int count = (int) ((pages + perCell - 1) / perCell);
      long[] data = new long[count];
      long[] zero = new long[count];
      RamSurvey.forEachRun(
          checkpoint,
          block,
          (_, start, end, kind) -> {
            switch (kind) {
              case DATA -> add(data, start / pageSize, end / pageSize, perCell);
              case ZERO -> add(zero, start / pageSize, end / pageSize, perCell);
              case MISSING -> {}
            }
          });
      List<Cell> cells = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        long from = i * perCell;
        long to = Math.min(pages, from + perCell);
        cells.add(
            new Cell(
                data[i],
                zero[i],
                to - from - data[i] - zero[i],
                data[i] == 0 ? OptionalDouble.empty() : entropy(block, from, to)));
      }
      return new HeatMap(block, perCell, cells);
    }

    /// Adds a run of pages to the cells that it goes through.
    private static void add(long[] counts, long from, long to, long perCell) {
      long page = from;
      while (page < to) {
        int cell = (int) (page / perCell);
        long stop = Math.min(to, (cell + 1) * perCell);
        counts[cell] += stop - page;
        page = stop;
      }
    }

    /// The mean of the pages with content at or behind a few evenly spread places.
    private OptionalDouble entropy(RamBlock block, long from, long to) throws IOException {
      double sum = 0;
      int taken = 0;
      long next = from;
      for (int i = 0; i < SAMPLES && next < to; i++) {
        next = Math.max(next, from + (to - from) * i / SAMPLES);
        while (next < to && checkpoint.pageKind(block, next * pageSize) != PageKind.DATA) {
          next = checkpoint.endOfKind(block, next * pageSize, to * pageSize) / pageSize;
        }
        if (next < to) {
          checkpoint.readPage(block, next * pageSize, page);
          sum += entropy.of(page);
          taken++;
          next++;
        }
      }
      return taken == 0 ? OptionalDouble.empty() : OptionalDouble.of(sum / taken);
    }
  }
}
