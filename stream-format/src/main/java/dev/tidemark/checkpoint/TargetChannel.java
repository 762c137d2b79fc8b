// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/// What takes bytes front to back, as a channel. Closing it does nothing.
record TargetChannel(Appender appender) implements WritableByteChannel {
  @FunctionalInterface
  interface Appender {
    void append(MemorySegment bytes) throws IOException;
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    int length = from.remaining();
    appender.append(MemorySegment.ofBuffer(from));
    from.position(from.limit());
    return length;
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void close() {
    // The target's owner closes it.
  }
}
