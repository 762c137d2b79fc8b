// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.mappedram;

import dev.tidemark.checkpoint.RandomAccessTarget;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/*
 * The file is cut into stripes of one slab each, and each stripe belongs to one lane. Thus the versions of a page
 * all go through the same queue and are written in the order they came, while neighbouring stripes are written at
 * once.
 *
 *   put ──▶ lane 0: filling slab ──▶ full ──▶ tidemark-place-0 ──▶ free ─┐
 *           lane 1: filling slab ──▶ full ──▶ tidemark-place-1 ──▶ free  │
 *             ▲                                                          │
 *             └──────────────────────────────────────────────────────────┘
 */

/// Writes pages to their places in a file, by several threads. Pages are gathered into slabs, and
/// neighbouring ones in a slab are written at once. Of two pages for the same place the later one
/// stays.
///
/// One thread puts pages. Nothing is allocated per page; memory is a few slabs for each thread.
final class PlacedPages implements AutoCloseable {
  private static final int SLAB_BYTES = 1 << 20;
  private static final int SLABS_PER_LANE = 3;

  private final RandomAccessTarget out;
  private final int pageSize;
  private final Arena arena = Arena.ofShared();
  private final Lane[] lanes;
  private volatile @Nullable Throwable failure;

  PlacedPages(RandomAccessTarget out, int pageSize, int threads) {
    this.out = out;
    this.pageSize = pageSize;
    this.lanes = new Lane[threads];
    for (int i = 0; i < threads; i++) {
      lanes[i] = new Lane(i);
    }
  }

  /// Pages on their way, and where runs of neighbours among them belong.
  private static final class Slab {
    final MemorySegment bytes;
    final long[] runPositions;
    final int[] runEnds;
    int runs;
    int used;

    /// Position behind the last run.
    long next = -1;

    Slab(MemorySegment bytes, int pages) {
      this.bytes = bytes;
      this.runPositions = new long[pages];
      this.runEnds = new int[pages];
    }

    void put(long position, MemorySegment window, long windowOffset, int pageSize) {
      MemorySegment.copy(window, windowOffset, bytes, used, pageSize);
      used += pageSize;
      if (position != next) {
        runPositions[runs++] = position;
      }
      runEnds[runs - 1] = used;
      next = position + pageSize;
    }

    void clear() {
      runs = 0;
      used = 0;
      next = -1;
    }

    void writeTo(RandomAccessTarget out) throws IOException {
      int start = 0;
      for (int run = 0; run < runs; run++) {
        out.write(runPositions[run], bytes.asSlice(start, runEnds[run] - start));
        start = runEnds[run];
      }
    }
  }

  /// The way of the pages of every so many stripes.
  private final class Lane implements Runnable {
    /// What ends the thread.
    private final Slab end = new Slab(MemorySegment.NULL, 0);

    private final BlockingQueue<Slab> free = new ArrayBlockingQueue<>(SLABS_PER_LANE);
    private final BlockingQueue<Slab> full = new ArrayBlockingQueue<>(SLABS_PER_LANE + 1);
    private final Thread thread;
    private @Nullable Slab filling;

    Lane(int number) {
      for (int i = 0; i < SLABS_PER_LANE; i++) {
        free.add(new Slab(arena.allocate(SLAB_BYTES, 4096), SLAB_BYTES / pageSize));
      }
      thread = Thread.ofPlatform().name("tidemark-place-" + number).daemon().start(this);
    }

    void put(long position, MemorySegment window, long windowOffset) throws IOException {
      Slab slab = filling;
      if (slab == null) {
        slab = takeFree();
        filling = slab;
      }
      slab.put(position, window, windowOffset, pageSize);
      if (slab.used == SLAB_BYTES) {
        handOver();
      }
    }

    void handOver() {
      Slab slab = filling;
      if (slab != null) {
        filling = null;
        full.add(slab);
      }
    }

    Slab takeFree() throws IOException {
      try {
        Slab slab = free.take();
        check();
        return slab;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ClosedByInterruptException();
      }
    }

    @Override
    public void run() {
      try {
        for (Slab slab = full.take(); slab != end; slab = full.take()) {
          if (failure == null) {
            write(slab);
          }
          slab.clear();
          free.add(slab);
        }
      } catch (InterruptedException e) {
        throw new AssertionError("nobody interrupts this thread", e);
      }
    }

    private void write(Slab slab) {
      try {
        slab.writeTo(out);
      } catch (Throwable e) {
        failure = e;
      }
    }

    void stop() {
      full.add(end);
    }

    void join() {
      boolean interrupted = false;
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /// Takes a page; it may be written later, but before any later one for the same place.
  void put(long position, MemorySegment window, long windowOffset) throws IOException {
    lanes[(int) (position / SLAB_BYTES % lanes.length)].put(position, window, windowOffset);
  }

  /// Writes what has been put; nothing more can be put.
  void finish() throws IOException {
    for (Lane lane : lanes) {
      lane.handOver();
    }
    close();
    check();
  }

  /// Throws what a writing thread met.
  private void check() throws IOException {
    switch (failure) {
      case null -> {}
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new AssertionError(e);
    }
  }

  /// Ends the threads and gives the memory back; a second time does nothing.
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      Arrays.stream(lanes).forEach(Lane::stop);
      Arrays.stream(lanes).forEach(Lane::join);
      arena.close();
    }
  }
}
