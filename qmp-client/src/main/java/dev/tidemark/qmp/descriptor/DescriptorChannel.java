// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.descriptor;

import dev.tidemark.qmp.internal.Posix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/// A connected stream socket as a blocking channel of bytes.
///
/// One thread reads and another may write at the same time; a second reader waits for the first. A
/// read or write blocks its platform thread in the kernel: use threads of the platform, a virtual
/// one would hold on to its carrier. Interrupting does nothing; [#shutdown] and [#close] wake
/// whoever waits.
public final class DescriptorChannel implements ByteChannel {
  private static final int CLOSED = 1 << 31;
  private static final int COPY_BYTES = 1 << 16;

  private final int descriptor;

  /// Calls that use the descriptor now, and [#CLOSED]. The last one out closes it, so that its
  /// number never means another file while a call is on its way.
  private final AtomicInteger users = new AtomicInteger();

  private final Direction reading = new Direction();
  private final Direction writing = new Direction();

  DescriptorChannel(int descriptor) {
    this.descriptor = descriptor;
  }

  /// The descriptor, which stays this channel's.
  public int descriptor() {
    return descriptor;
  }

  /// Reads at least one byte into native memory, and allocates nothing.
  ///
  /// @param target native memory
  /// @param offset where in it, in bytes
  /// @param length how many bytes at most
  /// @return how many; -1 at the end of the stream, also after [#shutdown]; 0 only if `length` is 0
  /// @throws AsynchronousCloseException if another thread closes the channel meanwhile
  public long read(MemorySegment target, long offset, long length) throws IOException {
    if (length == 0) {
      return 0;
    }
    MemorySegment part = part(target, offset, length);
    enter();
    reading.lock.lock();
    try {
      long result;
      do {
        result = Posix.receiveOrErrno(descriptor, part, reading.errno);
      } while (result == -Posix.EINTR);
      if (result <= 0) {
        return endOfStream(result);
      }
      return result;
    } finally {
      reading.lock.unlock();
      leave();
    }
  }

  /// Writes at least one byte from native memory, and allocates nothing.
  ///
  /// @param source native memory
  /// @param offset where in it, in bytes
  /// @param length how many bytes at most
  /// @return how many
  /// @throws AsynchronousCloseException if another thread closes the channel meanwhile
  /// @throws IOException if the other end is closed, or this one shut down
  public long write(MemorySegment source, long offset, long length) throws IOException {
    if (length == 0) {
      return 0;
    }
    MemorySegment part = part(source, offset, length);
    enter();
    writing.lock.lock();
    try {
      long result;
      do {
        result = Posix.sendOrErrno(descriptor, part, writing.errno);
      } while (result == -Posix.EINTR);
      if (result < 0) {
        checkNotClosed();
        throw Posix.failure("write", (int) -result);
      }
      return result;
    } finally {
      writing.lock.unlock();
      leave();
    }
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    int length = target.remaining();
    if (target.isDirect()) {
      long count = read(MemorySegment.ofBuffer(target), 0, length);
      advance(target, count);
      return (int) count;
    }
    reading.lock.lock();
    try {
      MemorySegment copy = reading.copy();
      long count = read(copy, 0, Math.min(length, COPY_BYTES));
      if (count > 0) {
        MemorySegment.copy(copy, 0, MemorySegment.ofBuffer(target), 0, count);
      }
      advance(target, count);
      return (int) count;
    } finally {
      reading.lock.unlock();
    }
  }

  /// Writes at least one byte, unless there is none; not always all.
  @Override
  public int write(ByteBuffer source) throws IOException {
    int length = source.remaining();
    if (source.isDirect()) {
      long count = write(MemorySegment.ofBuffer(source), 0, length);
      advance(source, count);
      return (int) count;
    }
    writing.lock.lock();
    try {
      MemorySegment copy = writing.copy();
      long part = Math.min(length, COPY_BYTES);
      MemorySegment.copy(MemorySegment.ofBuffer(source), 0, copy, 0, part);
      long count = write(copy, 0, part);
      advance(source, count);
      return (int) count;
    } finally {
      writing.lock.unlock();
    }
  }

  /// Ends both directions: who waits in a read, here or in the other process, finds the end of the
  /// stream. What has arrived can still be read. Any thread may call this, at any time.
  public void shutdown() {
    if (tryEnter()) {
      try {
        Posix.shutdown(descriptor);
      } finally {
        leave();
      }
    }
  }

  @Override
  public boolean isOpen() {
    return (users.get() & CLOSED) == 0;
  }

  /// Closes the channel; calls that wait in it end with an `AsynchronousCloseException`.
  ///
  /// If nobody waits in it, copies of the descriptor that other processes hold go on working.
  @Override
  public void close() {
    if (tryEnter()) {
      try {
        int others = (users.getAndUpdate(state -> state | CLOSED) & ~CLOSED) - 1;
        if (others > 0) {
          // The only way to wake them; it ends the connection for all copies.
          Posix.shutdown(descriptor);
        }
      } finally {
        leave();
      }
    }
  }

  private void enter() throws ClosedChannelException {
    if (!tryEnter()) {
      throw new ClosedChannelException();
    }
  }

  private boolean tryEnter() {
    int state = users.get();
    while ((state & CLOSED) == 0) {
      if (users.compareAndSet(state, state + 1)) {
        return true;
      }
      state = users.get();
    }
    return false;
  }

  private void leave() {
    if (users.decrementAndGet() == CLOSED) {
      Posix.close(descriptor);
    }
  }

  private long endOfStream(long result) throws IOException {
    checkNotClosed();
    if (result == 0 || result == -Posix.ECONNRESET) {
      return -1;
    }
    throw Posix.failure("read", (int) -result);
  }

  private void checkNotClosed() throws AsynchronousCloseException {
    if (!isOpen()) {
      throw new AsynchronousCloseException();
    }
  }

  private static MemorySegment part(MemorySegment whole, long offset, long length) {
    if (!whole.isNative()) {
      throw new IllegalArgumentException("not native memory");
    }
    return offset == 0 && length == whole.byteSize() ? whole : whole.asSlice(offset, length);
  }

  private static void advance(ByteBuffer buffer, long count) {
    if (count > 0) {
      buffer.position(buffer.position() + (int) count);
    }
  }

  /// What one direction needs: who is in it, where errno goes, and native memory for heap buffers.
  private static final class Direction {
    final ReentrantLock lock = new ReentrantLock();
    final MemorySegment errno = Posix.newErrno(Arena.ofAuto());
    private MemorySegment copy = MemorySegment.NULL;

    MemorySegment copy() {
      if (copy.byteSize() == 0) {
        copy = Arena.ofAuto().allocate(COPY_BYTES, ValueLayout.JAVA_LONG.byteAlignment());
      }
      return copy;
    }
  }
}
