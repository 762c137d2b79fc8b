// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// Bytes in memory.
///
/// May be used by several threads at once if the segment may.
public final class MemoryByteSource implements ByteSource {
  private final MemorySegment bytes;

  /// A source over a segment.
  ///
  /// @param bytes what is read; not copied, so it must not change and must outlive the source
  public MemoryByteSource(MemorySegment bytes) {
    this.bytes = bytes;
  }

  @Override
  public long size() {
    return bytes.byteSize();
  }

  @Override
  public int read(long position, MemorySegment target) {
    if (position < 0) {
      throw new IllegalArgumentException("negative position " + position);
    }
    long rest = Math.max(0, bytes.byteSize() - position);
    int length = (int) Math.min(Math.min(rest, target.byteSize()), Integer.MAX_VALUE);
    if (length > 0) {
      MemorySegment.copy(bytes, position, target, 0, length);
    }
    return length;
  }

  @Override
  public Optional<MemorySegment> memory() {
    return bytes.isNative() ? Optional.of(bytes.asReadOnly()) : Optional.empty();
  }

  /// Does nothing: the segment is its owner's.
  @Override
  public void close() {}
}
