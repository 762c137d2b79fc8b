// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.memory;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.RandomAccessTarget;
import dev.tidemark.checkpoint.WriteBehind;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Comparator;
import java.util.List;

/*
 * Where most of RAM is wanted, one pass over the checkpoint is fastest: it reads in big runs and unpacks each block once.
 * Its pages come block by block in address order, so that for each block a cursor over its pieces is enough; pieces
 * may show the same page at two places, so several can be active. Where little is wanted, the pages are read one by one.
 */
/// Copies parts of RAM blocks to places of a file. Zero pages and missing ones are not written, so
/// that they become holes.
public final class RamCopy {
  private static final long PROGRESS_STEP = 4 << 20;

  private final Checkpoint in;
  private final List<Piece> pieces;
  private final WriteBehind out;
  private final Progress progress;
  private final long total;
  private long reported;

  /// A part of a RAM block and where it goes.
  ///
  /// @param block the block
  /// @param blockOffset where the part begins in it, in bytes
  /// @param length in bytes, all in the block
  /// @param position where it goes, in bytes from the start of the target
  public record Piece(RamBlock block, long blockOffset, long length, long position) {
    private long end() {
      return blockOffset + length;
    }
  }

  private RamCopy(Checkpoint in, List<Piece> pieces, WriteBehind out, Progress progress) {
    this.in = in;
    this.pieces = pieces;
    this.out = out;
    this.progress = progress;
    this.total = pieces.stream().mapToLong(Piece::length).sum();
  }

  /// Copies. The target does not grow behind the last page that has content.
  ///
  /// @param in the checkpoint
  /// @param pieces what to copy where; each in a block of the checkpoint
  /// @param out takes the bytes; neither made durable nor closed
  /// @param progress told how many bytes of RAM are done, holes included
  /// @throws IOException if one cannot be read or the other cannot be written
  public static void write(
      Checkpoint in, List<Piece> pieces, RandomAccessTarget out, Progress progress)
      throws IOException {
    List<Piece> sorted =
        pieces.stream()
            .filter(piece -> piece.length() > 0)
            .sorted(
                Comparator.comparingInt((Piece piece) -> piece.block().index())
                    .thenComparingLong(Piece::blockOffset))
            .toList();
    try (WriteBehind behind = WriteBehind.at(out)) {
      RamCopy copy = new RamCopy(in, sorted, behind, progress);
      if (copy.total >= copy.ramBytes() / 2) {
        copy.inOnePass();
      } else {
        copy.pageByPage();
      }
      behind.finish();
      progress.advanced(copy.total, copy.total);
    }
  }

  private long ramBytes() {
    return in.ramBlocks().stream().mapToLong(RamBlock::usedLength).sum();
  }

  private void inOnePass() throws IOException {
    try (CheckpointStream stream = in.stream()) {
      stream.forEachPage(new Pass());
    }
  }

  private void pageByPage() throws IOException {
    int pageSize = in.targetPageSize();
    MemorySegment page = MemorySegment.ofArray(new byte[pageSize]);
    long before = 0;
    for (Piece piece : pieces) {
      for (long at = piece.blockOffset(); at < piece.end(); ) {
        long offset = at - at % pageSize;
        long end = Math.min(piece.end(), offset + pageSize);
        if (in.pageKind(piece.block(), offset) == PageKind.DATA) {
          in.readPage(piece.block(), offset, page);
          out.put(piece.position() + at - piece.blockOffset(), page, at - offset, end - at);
        }
        at = end;
        report(before + at - piece.blockOffset());
      }
      before += piece.length();
    }
  }

  private void report(long done) {
    if (done - reported >= PROGRESS_STEP) {
      reported = done;
      progress.advanced(Math.min(done, total), total);
    }
  }

  /// Takes all pages, and copies those that are wanted.
  private final class Pass implements PageVisitor {
    private final int pageSize = in.targetPageSize();
    private final int[] active = new int[pieces.size()];
    private int actives;
    private int next;
    private int block = -1;
    private long last = -1;
    private long passed;

    @Override
    public void page(RamBlock of, long pageOffset, MemorySegment window, long windowOffset)
        throws IOException {
      moveTo(of, pageOffset);
      int kept = 0;
      for (int i = 0; i < actives; i++) {
        Piece piece = pieces.get(active[i]);
        long from = Math.max(piece.blockOffset(), pageOffset);
        long to = Math.min(piece.end(), pageOffset + pageSize);
        if (from < to) {
          long position = piece.position() + from - piece.blockOffset();
          out.put(position, window, windowOffset + from - pageOffset, to - from);
        }
        if (piece.end() > pageOffset + pageSize) {
          active[kept++] = active[i];
        }
      }
      actives = kept;
    }

    @Override
    public void zeroPage(RamBlock of, long pageOffset) {
      if (pageOffset % PROGRESS_STEP == 0) {
        moveTo(of, pageOffset);
      }
    }

    /// Makes active what begins before the end of a page; what ends before it is passed over.
    private void moveTo(RamBlock of, long pageOffset) {
      if (of.index() != block || pageOffset <= last) {
        if (of.index() < block || (of.index() == block && pageOffset <= last)) {
          throw new IllegalStateException("pages are not in address order");
        }
        actives = 0;
        block = of.index();
      }
      last = pageOffset;
      while (next < pieces.size()) {
        Piece piece = pieces.get(next);
        if (piece.block().index() > block
            || (piece.block().index() == block && piece.blockOffset() >= pageOffset + pageSize)) {
          break;
        }
        if (piece.block().index() == block && piece.end() > pageOffset) {
          active[actives++] = next;
        }
        passed += piece.length();
        next++;
      }
      report(passed - remaining(pageOffset));
    }

    /// Bytes of the newest active piece that are still to come.
    private long remaining(long pageOffset) {
      return actives == 0
          ? 0
          : Math.max(0, pieces.get(active[actives - 1]).end() - pageOffset - pageSize);
    }
  }
}
