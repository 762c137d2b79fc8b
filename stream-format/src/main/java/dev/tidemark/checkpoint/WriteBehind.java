// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/*
 *   put ──▶ filling slab ──▶ full ──▶ tidemark-behind ──▶ free ─┐
 *             ▲                                                │
 *             └────────────────────────────────────────────────┘
 *
 * One thread, not several: the kernel lets one at a time write to a file, and those that wait for their turn do so
 * spinning, on the cores that the reader needs.
 */

/// Writes to a target by a thread of its own, so that reading what comes next goes on meanwhile.
/// Bytes are gathered into slabs, and neighbours in a slab are written at once. They are written in
/// the order in which they were put: of two versions of a page the later one stays.
///
/// Used by one thread. Nothing is allocated per page; memory is a few MiB. The target may be used
/// by others meanwhile only as it allows it.
public final class WriteBehind implements AutoCloseable {
  private static final int SLAB_BYTES = 1 << 20;
  private static final int SLABS = 4;

  /// Most places in the target that a slab has bytes for.
  private static final int MOST_RUNS = 1 << 12;

  private final Out out;
  private final Arena arena = Arena.ofShared();
  private final BlockingQueue<Slab> free = new ArrayBlockingQueue<>(SLABS);
  private final BlockingQueue<Slab> full = new ArrayBlockingQueue<>(SLABS + 1);

  /// What ends the thread.
  private final Slab end = new Slab(MemorySegment.NULL);

  private final Thread thread;
  private @Nullable Slab filling;

  /// Bytes that have come through channels.
  private long appended;

  private volatile @Nullable Throwable failure;

  @FunctionalInterface
  private interface Out {
    void write(long position, MemorySegment bytes) throws IOException;
  }

  /// Bytes on their way, and where runs of neighbours among them belong.
  private static final class Slab {
    final MemorySegment bytes;
    final long[] runPositions = new long[MOST_RUNS];
    final int[] runEnds = new int[MOST_RUNS];
    int runs;
    int used;

    /// Position behind the last run.
    long next = -1;

    Slab(MemorySegment bytes) {
      this.bytes = bytes;
    }

    /// Takes as many of some bytes as fit.
    long put(long position, MemorySegment from, long offset, long length) {
      long part = Math.min(length, SLAB_BYTES - used);
      MemorySegment.copy(from, offset, bytes, used, part);
      used += (int) part;
      if (position != next) {
        runPositions[runs++] = position;
      }
      runEnds[runs - 1] = used;
      next = position + part;
      return part;
    }

    boolean isFull() {
      return used == SLAB_BYTES || runs == MOST_RUNS;
    }

    void clear() {
      runs = 0;
      used = 0;
      next = -1;
    }

    void writeTo(Out out) throws IOException {
      int start = 0;
      for (int run = 0; run < runs; run++) {
        out.write(runPositions[run], bytes.asSlice(start, runEnds[run] - start));
        start = runEnds[run];
      }
    }
  }

  private WriteBehind(Out out) {
    this.out = out;
    for (int i = 0; i < SLABS; i++) {
      free.add(new Slab(arena.allocate(SLAB_BYTES, 4096)));
    }
    this.thread = Thread.ofPlatform().name("tidemark-behind").daemon().start(this::run);
  }

  /// Writes at positions.
  ///
  /// @param out neither committed nor closed
  public static WriteBehind at(RandomAccessTarget out) {
    return new WriteBehind(out::write);
  }

  /// Appends, for use as a [#channel].
  ///
  /// @param out neither committed nor closed; not used by others before [#finish]
  public static WriteBehind appending(CheckpointTarget out) {
    return new WriteBehind((_, bytes) -> out.append(bytes));
  }

  /// Takes bytes; they may be written later.
  ///
  /// @param position where they go, in bytes from the start of the target, 0 or more; of no meaning
  ///     to one that is appended to
  /// @param from holds them; not kept
  /// @param offset where they start in it
  /// @param length how many they are, 0 or more
  /// @throws IOException what an earlier write met
  public void put(long position, MemorySegment from, long offset, long length) throws IOException {
    for (long done = 0; done < length; ) {
      Slab slab = filling;
      if (slab == null) {
        slab = takeFree();
        filling = slab;
      }
      done += slab.put(position + done, from, offset + done, length - done);
      if (slab.isFull()) {
        handOver();
      }
    }
  }

  private void handOver() {
    Slab slab = filling;
    if (slab != null) {
      filling = null;
      full.add(slab);
    }
  }

  private Slab takeFree() throws IOException {
    try {
      Slab slab = free.take();
      check();
      return slab;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClosedByInterruptException();
    }
  }

  private void run() {
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

  /// The bytes that are written to this channel, one behind the other. Closing it does nothing.
  public WritableByteChannel channel() {
    return new TargetChannel(
        bytes -> {
          put(appended, bytes, 0, bytes.byteSize());
          appended += bytes.byteSize();
        });
  }

  /// Writes what has been put; nothing more can be put.
  ///
  /// @throws IOException what a write met
  public void finish() throws IOException {
    handOver();
    close();
    check();
  }

  /// Throws what the writing thread met.
  private void check() throws IOException {
    switch (failure) {
      case null -> {}
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new AssertionError(e);
    }
  }

  /// Ends the thread and gives the memory back; a second time does nothing. What has not been
  /// handed over by then is not written.
  @Override
  public void close() {
    if (!arena.scope().isAlive()) {
      return;
    }
    full.add(end);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    arena.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
