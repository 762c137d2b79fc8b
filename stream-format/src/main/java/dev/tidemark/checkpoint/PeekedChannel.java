// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/// A channel whose first bytes have been looked at, and still are the first to be read.
///
/// Used by one thread.
public final class PeekedChannel implements ReadableByteChannel {
  private final ReadableByteChannel channel;
  private final byte[] peeked;
  private final ByteBuffer first;

  private PeekedChannel(ReadableByteChannel channel, byte[] peeked) {
    this.channel = channel;
    this.peeked = peeked;
    this.first = ByteBuffer.wrap(peeked);
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
    byte[] peeked = new byte[first.flip().remaining()];
    first.get(peeked);
    return new PeekedChannel(channel, peeked);
  }

  /// The first bytes, also when they have been read since.
  public byte[] peeked() {
    return peeked.clone();
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
