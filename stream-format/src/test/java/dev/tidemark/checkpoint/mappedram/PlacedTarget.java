// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.mappedram;

import dev.tidemark.checkpoint.RandomAccessTarget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// A target in memory that can be written anywhere, and told to fail.
final class PlacedTarget implements RandomAccessTarget {
  private byte[] bytes = new byte[1 << 20];
  private long size;
  private long written;
  private long mayWrite = Long.MAX_VALUE;

  /// From some byte on, writes fail.
  PlacedTarget failingAfter(long bytesWritten) {
    mayWrite = bytesWritten;
    return this;
  }

  synchronized byte[] toArray() {
    return Arrays.copyOf(bytes, (int) size);
  }

  /// Bytes that have been written, holes not counted.
  synchronized long written() {
    return written;
  }

  @Override
  public synchronized void write(long position, MemorySegment from) throws IOException {
    if (written + from.byteSize() > mayWrite) {
      throw new IOException("No space left on device");
    }
    written += from.byteSize();
    room(position + from.byteSize());
    MemorySegment.copy(
        from, ValueLayout.JAVA_BYTE, 0, bytes, (int) position, (int) from.byteSize());
  }

  @Override
  public synchronized void grow(long toSize) {
    room(toSize);
  }

  private void room(long end) {
    if (end > bytes.length) {
      bytes = Arrays.copyOf(bytes, (int) Math.max(end, bytes.length * 2L));
    }
    size = Math.max(size, end);
  }

  @Override
  public void append(MemorySegment from) {
    throw new AssertionError("written at positions");
  }

  @Override
  public void sync() {}

  @Override
  public void commit() {}

  @Override
  public void abort() {}
}
