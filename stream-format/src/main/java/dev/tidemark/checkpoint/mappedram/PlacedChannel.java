// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.mappedram;

import dev.tidemark.checkpoint.RandomAccessTarget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/// A target written front to back from some position on, gaps left out. Closing it leaves the
/// target open.
final class PlacedChannel implements WritableByteChannel {
  private final RandomAccessTarget target;
  private long position;

  PlacedChannel(RandomAccessTarget target, long position) {
    this.target = target;
    this.position = position;
  }

  /// Where the next byte goes.
  long position() {
    return position;
  }

  /// Leaves a gap.
  void skip(long bytes) {
    position += bytes;
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    int count = from.remaining();
    target.write(position, MemorySegment.ofBuffer(from));
    from.position(from.limit());
    position += count;
    return count;
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void close() {
    // The target is the caller's.
  }
}
