// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/// Numbered pieces of work, done by one thread a processor, whose results are taken in order: what
/// goes wrong is what would go wrong first if one thread did it all.
///
/// Used by one thread, the taker. Threads are never interrupted, since that would close the files
/// that they read.
final class InOrder implements Closeable {
  /// More threads than read and hash as fast as any disk are of no use.
  private static final int MOST_THREADS = 32;

  /// Pieces under way or done and not taken yet, for each thread.
  private static final int AHEAD_EACH = 2;

  /// So few pieces are done by the taker itself.
  private static final int FEW = 3;

  private final ExecutorService threads;
  private final int ahead;

  /// Does a piece, in any of the threads, or the taker's.
  ///
  /// @param <T> what comes of it
  @FunctionalInterface
  interface Work<T> {
    T piece(long number) throws IOException;
  }

  /// Takes what came of a piece, in the taker's thread.
  ///
  /// @param <T> what comes of it
  @FunctionalInterface
  interface Taker<T> {
    void take(T result) throws IOException;
  }

  /// @param threadName what threads are called, before their numbers
  InOrder(String threadName) {
    int count = Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
    this.ahead = AHEAD_EACH * count + 2;
    this.threads =
        Executors.newFixedThreadPool(
            count, Thread.ofPlatform().name(threadName + "-", 0).daemon(true).factory());
  }

  /// Most pieces under way or done and not taken yet: so many sets of what a piece needs will do.
  int ahead() {
    return ahead;
  }

  /// Does the pieces from one number to another.
  ///
  /// @param from the first
  /// @param to behind the last
  /// @throws IOException what the first piece that failed threw, or the taker
  <T> void forEach(long from, long to, Work<T> work, Taker<T> taker) throws IOException {
    if (to - from <= FEW) {
      for (long number = from; number < to; number++) {
        taker.take(work.piece(number));
      }
      return;
    }
    Deque<Future<T>> under = new ArrayDeque<>(ahead);
    long next = from;
    while (next < to || !under.isEmpty()) {
      while (next < to && under.size() < ahead) {
        long number = next++;
        under.add(threads.submit(() -> work.piece(number)));
      }
      taker.take(get(under.remove()));
    }
  }

  private static <T> T get(Future<T> future) throws IOException {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for a thread");
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException cause -> throw cause;
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  /// Waits until the threads have ended.
  @Override
  public void close() {
    threads.shutdown();
    boolean interrupted = false;
    while (!threads.isTerminated()) {
      try {
        threads.awaitTermination(1, TimeUnit.DAYS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
