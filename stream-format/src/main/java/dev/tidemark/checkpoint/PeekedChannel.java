// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;

/// A channel whose first bytes have been looked at, and still are the first to be read.
///
/// Used by one thread.
public final class PeekedChannel implements ReadableByteChannel {
  private final ReadableByteChannel channel;
  private final ByteBuffer first;

  private PeekedChannel(ReadableByteChannel channel, ByteBuffer first) {
    this.channel = channel;
    this.first = first;
  }

  /// Looks at a channel's first bytes.
  ///
  /// @param channel in blocking mode; closed with the result
  /// @param count how many bytes, fewer only at its end
  /// @throws IOException if it cannot be read
  public static PeekedChannel of(ReadableByteChannel channel, int count) throws IOException {
    ByteBuffer first = ByteBuffer.allocate(count);
    while (first.hasRemaining() && channel.read(first) >= 0) {
      // Until there are enough, or no more.
    }
    return new PeekedChannel(channel, first.flip());
  }

  /// The first bytes, also when they have been read since.
  public byte[] peeked() {
    return Arrays.copyOf(first.array(), first.limit());
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    if (!first.hasRemaining()) {
      return channel.read(target);
    }
    int count = Math.min(first.remaining(), target.remaining());
    target.put(first.slice(first.position(), count));
    first.position(first.position() + count);
    return count;
  }

  @Override
  public boolean isOpen() {
    return channel.isOpen();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
