// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/// SHA-256 of each segment of what is written, made in a thread of its own.
///
/// The writer fills one of a few buffers of segment size and hands it over when it is full; it
/// waits only when hashing falls that far behind. Thread and buffers exist once the first is full.
final class SegmentHasher implements Closeable {
  /// Bytes in a segment; the last one may be shorter.
  static final int SEGMENT = 4 << 20;

  static final int DIGEST = 32;

  /// Segments in use at once: one being filled, one waiting, one being hashed.
  private static final int BUFFERS = 3;

  private final BlockingQueue<byte[]> full = new ArrayBlockingQueue<>(BUFFERS);
  private final BlockingQueue<byte[]> free = new ArrayBlockingQueue<>(BUFFERS);
  private final ByteSink digests = new ByteSink();
  private final MessageDigest digest = sha256();

  private byte[] filling = new byte[0];
  private MemorySegment fillingSegment = MemorySegment.ofArray(filling);
  private int fill;
  private @Nullable Thread thread;

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /// Adds bytes, of which `count` count; they are copied.
  void update(MemorySegment bytes, int count) throws IOException {
    int at = 0;
    while (at < count) {
      if (fill == filling.length) {
        grow();
      }
      int length = Math.min(filling.length - fill, count - at);
      MemorySegment.copy(bytes, at, fillingSegment, fill, length);
      fill += length;
      at += length;
      if (fill == SEGMENT) {
        handOver();
      }
    }
  }

  /// Small archives do with a small buffer.
  private void grow() {
    int size = filling.length == 0 ? 64 << 10 : Math.min(SEGMENT, 8 * filling.length);
    byte[] larger = new byte[size];
    System.arraycopy(filling, 0, larger, 0, fill);
    use(larger);
  }

  private void use(byte[] buffer) {
    filling = buffer;
    fillingSegment = MemorySegment.ofArray(buffer);
  }

  private void handOver() throws IOException {
    if (thread == null) {
      for (int i = 1; i < BUFFERS; i++) {
        free.add(new byte[SEGMENT]);
      }
      thread = Thread.ofPlatform().name("tidemark-hash").daemon().start(this::hashAll);
    }
    try {
      full.put(filling);
      fill = 0;
      use(free.take());
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  private static IOException interrupted() {
    Thread.currentThread().interrupt();
    return new InterruptedIOException("interrupted while hashing");
  }

  /// The hash thread's work, until an empty array or an interrupt.
  private void hashAll() {
    try {
      for (byte[] next = full.take(); next.length > 0; next = full.take()) {
        digests.bytes(digest.digest(next));
        free.put(next);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Hashes what is left and gives all digests, end to end.
  byte[] finish() throws IOException {
    Thread running = thread;
    if (running != null) {
      try {
        full.put(new byte[0]);
        running.join();
      } catch (InterruptedException e) {
        throw interrupted();
      }
    }
    if (fill > 0) {
      digest.update(filling, 0, fill);
      digests.bytes(digest.digest());
      fill = 0;
    }
    return digests.toByteArray();
  }

  @Override
  public void close() {
    Thread running = thread;
    if (running != null) {
      running.interrupt();
    }
  }
}
