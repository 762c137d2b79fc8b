// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.checkpoint.ByteSource;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/// Bytes of an array as a source, a channel, and as what a copy of them must be. Copies nothing.
record Input(byte[] bytes, int from, int length) {
  ByteSource source() {
    return new ByteSource() {
      @Override
      public long size() {
        return length;
      }

      @Override
      public int read(long position, MemorySegment target) {
        int count = (int) Math.clamp(length - position, 0, target.byteSize());
        if (count > 0) {
          MemorySegment.copy(MemorySegment.ofArray(bytes), from + position, target, 0, count);
        }
        return count;
      }

      @Override
      public void close() {}
    };
  }

  /// A pipe that gives at most `piece` bytes a read.
  ReadableByteChannel channel(int piece) {
    return new ReadableByteChannel() {
      private int position;

      @Override
      public int read(ByteBuffer target) {
        if (position == length) {
          return -1;
        }
        int count = Math.min(Math.min(piece, target.remaining()), length - position);
        target.put(bytes, from + position, count);
        position += count;
        return count;
      }

      @Override
      public boolean isOpen() {
        return true;
      }

      @Override
      public void close() {}
    };
  }

  /// Takes a copy of these bytes and fails where it differs.
  final class Copy implements WritableByteChannel {
    private int position;

    @Override
    public int write(ByteBuffer source) {
      int count = source.remaining();
      if (count > length - position) {
        throw new AssertionError("a copy of " + length + " bytes that is longer");
      }
      int same = source.mismatch(ByteBuffer.wrap(bytes, from + position, count));
      if (same >= 0) {
        throw new AssertionError(
            "a copy that differs at 0x" + Integer.toHexString(position + same));
      }
      position += count;
      source.position(source.limit());
      return count;
    }

    /// Fails unless all has been copied but zero padding.
    void whole() {
      for (int i = position; i < length; i++) {
        if (bytes[from + i] != 0) {
          throw new AssertionError("a copy that lacks the byte at 0x" + Integer.toHexString(i));
        }
      }
    }

    /// Fails unless EOF is what has been copied last.
    void endsBehindEof() {
      if (position == 0 || bytes[from + position - 1] != 0) {
        throw new AssertionError("a copy without EOF, of 0x" + Integer.toHexString(position));
      }
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
