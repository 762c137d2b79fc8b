// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.stream;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/// Has a mapped file brought into memory a little before it is read from front to back: half of the
/// time of a pass over record headers is the kernel's, which maps page by page. A thread of its own
/// touches what comes next, never more than [#AHEAD] before the reader.
///
/// Used by one thread. Whether it runs makes no difference but of time.
final class ReadAhead implements AutoCloseable {
  /// Bytes that the kernel maps around one that is touched.
  private static final int STEP = 64 << 10;

  private static final long AHEAD = 32 << 20;

  /// Loads that the compiler does not leave out though nothing depends on them.
  private static final VarHandle TOUCHED = ValueLayout.JAVA_BYTE.varHandle();

  private final MemorySegment bytes;
  private final Thread thread;
  private volatile long limit;
  private volatile boolean over;

  /// Starts to read ahead, if there is enough to read that it is worth a thread.
  ///
  /// @param bytes all that is read; there until what is returned is closed
  /// @param from where the reader starts
  static Optional<ReadAhead> of(MemorySegment bytes, long from) {
    return bytes.isMapped() && bytes.byteSize() - from > AHEAD
        ? Optional.of(new ReadAhead(bytes, from))
        : Optional.empty();
  }

  private ReadAhead(MemorySegment bytes, long from) {
    this.bytes = bytes;
    this.limit = from + AHEAD;
    this.thread = Thread.ofPlatform().name("tidemark-ahead").daemon().start(() -> run(from));
  }

  /// Says how far the reader is.
  ///
  /// @param position in the file, not less than before
  void passed(long position) {
    limit = position + AHEAD;
    LockSupport.unpark(thread);
  }

  private void run(long from) {
    try {
      for (long at = from; at < bytes.byteSize() && !over; at += STEP) {
        while (at >= limit && !over) {
          LockSupport.park(this);
        }
        TOUCHED.getVolatile(bytes, at);
      }
    } catch (InternalError e) {
      // The file was cut. The reader meets the same, and says it.
    }
  }

  /// Ends the thread.
  @Override
  public void close() {
    over = true;
    LockSupport.unpark(thread);
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
