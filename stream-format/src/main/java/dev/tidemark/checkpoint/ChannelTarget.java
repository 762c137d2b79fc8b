// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/// A target without a name.
record ChannelTarget(WritableByteChannel channel) implements CheckpointTarget {
  /// Most bytes of heap memory written at once: the system's buffers for them are kept.
  private static final long PIECE = 1 << 18;

  @Override
  public void append(MemorySegment bytes) throws IOException {
    for (long at = 0; at < bytes.byteSize(); ) {
      long length = Math.min(bytes.byteSize() - at, PIECE);
      ByteBuffer piece = bytes.asSlice(at, length).asByteBuffer();
      while (piece.hasRemaining()) {
        channel.write(piece);
      }
      at += length;
    }
  }

  @Override
  public void sync() {
    // What is at the other end is not known.
  }

  @Override
  public void commit() {
    // All has been written.
  }

  @Override
  public void abort() {
    // What was written is gone.
  }
}
