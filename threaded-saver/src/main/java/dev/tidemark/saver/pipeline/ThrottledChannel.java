// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver.pipeline;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// A channel read no faster than asked, until it is released; it also counts.
///
/// One thread reads; any may call the other methods.
public final class ThrottledChannel implements ReadableByteChannel {
  private static final int MOST_AT_ONCE = 256 << 10;

  private final ReadableByteChannel channel;
  private final Runnable shutdown;
  private final long bytesPerSecond;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition released = lock.newCondition();
  private volatile boolean free;
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong waitingSince = new AtomicLong();
  private long startNanos;

  /// A throttle.
  ///
  /// @param channel what is read
  /// @param shutdown makes a read that waits return
  /// @param bytesPerSecond most bytes a second; absent: no limit
  public ThrottledChannel(
      ReadableByteChannel channel, Runnable shutdown, OptionalLong bytesPerSecond) {
    this.channel = channel;
    this.shutdown = shutdown;
    this.bytesPerSecond = bytesPerSecond.orElse(Long.MAX_VALUE);
    this.free = bytesPerSecond.isEmpty();
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    if (free) {
      return readNow(target);
    }
    awaitTurn();
    int limit = target.limit();
    int atOnce = Math.clamp(bytesPerSecond / 10, 4096, MOST_AT_ONCE);
    target.limit(Math.min(limit, target.position() + atOnce));
    try {
      return readNow(target);
    } finally {
      target.limit(limit);
    }
  }

  /// How long the reader has been waiting for bytes now; zero while it does something else.
  public Duration waiting() {
    long since = waitingSince.get();
    return since == 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - since);
  }

  /// How many bytes were read so far.
  public long bytes() {
    return bytes.get();
  }

  /// Ends the throttling: the guest stands, and what is left is to be taken as fast as it comes.
  public void release() {
    lock.lock();
    try {
      free = true;
      released.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Makes a read that waits return, now and from now on.
  public void shutdown() {
    release();
    shutdown.run();
  }

  @Override
  public boolean isOpen() {
    return channel.isOpen();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private int readNow(ByteBuffer target) throws IOException {
    waitingSince.set(System.nanoTime() | 1);
    int read = channel.read(target);
    waitingSince.set(0);
    if (read > 0) {
      bytes.addAndGet(read);
    }
    return read;
  }

  private void awaitTurn() throws IOException {
    long now = System.nanoTime();
    if (startNanos == 0) {
      startNanos = now;
    }
    long due = startNanos + (long) (bytes.get() * 1e9 / bytesPerSecond);
    lock.lock();
    try {
      long wait = due - now;
      while (!free && wait > 0) {
        wait = released.awaitNanos(wait);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new java.io.InterruptedIOException("interrupted while throttled");
    } finally {
      lock.unlock();
    }
    // Time in which QEMU had nothing to send is not saved up for later.
    long slack = System.nanoTime() - due;
    if (slack > TimeUnit.MILLISECONDS.toNanos(100)) {
      startNanos += slack;
    }
  }
}
