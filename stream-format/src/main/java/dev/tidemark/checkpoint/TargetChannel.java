// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/// A target as a channel.
record TargetChannel(CheckpointTarget target) implements WritableByteChannel {
  @Override
  public int write(ByteBuffer from) throws IOException {
    int length = from.remaining();
    target.append(MemorySegment.ofBuffer(from));
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
