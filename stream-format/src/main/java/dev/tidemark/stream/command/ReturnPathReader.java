// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.command;

import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamLimits;
import dev.tidemark.stream.command.ReturnPathMessage.Pong;
import dev.tidemark.stream.command.ReturnPathMessage.ReceivedBitmap;
import dev.tidemark.stream.command.ReturnPathMessage.RequestPages;
import dev.tidemark.stream.command.ReturnPathMessage.RequestPagesOf;
import dev.tidemark.stream.command.ReturnPathMessage.ResumeAck;
import dev.tidemark.stream.command.ReturnPathMessage.Shut;
import dev.tidemark.stream.command.ReturnPathMessage.SwitchoverAck;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Reads the messages of a return path: what a source hears.
///
/// No byte behind a message is waited for or taken from the channel. Offsets in exceptions count
/// from
/// where this reader began. Used by one thread at a time.
public final class ReturnPathReader implements Closeable {
  private static final String CONTEXT = "return-path message";
  private static final String BITMAP = "received bitmap";
  private static final int FIRST_PIECE = 1 << 16;

  private final ReadableByteChannel channel;
  private final StreamLimits limits;
  private final ByteBuffer small = ByteBuffer.allocate(ReturnPathDescriptor.MAX_PAYLOAD);
  private long streamOffset;
  private @Nullable IOException failure;

  /// A reader before the first message.
  ///
  /// @param channel in blocking mode; closed by the reader
  /// @param limits bounds the bitmaps
  public ReturnPathReader(ReadableByteChannel channel, StreamLimits limits) {
    this.channel = channel;
    this.limits = limits;
  }

  /// Offset of the next byte, counted from where this reader began.
  public long streamOffset() {
    return streamOffset;
  }

  /// The next message; waits for it.
  ///
  /// @return null where the channel ends between two messages
  /// @throws StreamException if it breaks the format, or the channel ends inside it
  /// @throws IOException if the channel throws
  public @Nullable ReturnPathMessage next() throws IOException {
    if (failure != null) {
      throw failure;
    }
    try {
      return read();
    } catch (IOException e) {
      failure = e;
      throw e;
    }
  }

  private @Nullable ReturnPathMessage read() throws IOException {
    long at = streamOffset;
    int got = fill(small.clear().limit(ReturnPathDescriptor.SIZE_HEADER));
    if (got == 0) {
      return null;
    }
    if (got < ReturnPathDescriptor.SIZE_HEADER) {
      throw truncated(CONTEXT);
    }
    int type = Short.toUnsignedInt(small.getShort(0));
    int length = Short.toUnsignedInt(small.getShort(2));
    if (type == 0 || type > ReturnPathDescriptor.SWITCHOVER_ACK) {
      throw malformed("unknown message 0x" + Integer.toHexString(type), at);
    }
    int fixed = ReturnPathDescriptor.fixedLength(type);
    if (length > ReturnPathDescriptor.MAX_PAYLOAD || (fixed >= 0 && length != fixed)) {
      throw malformed(
          "message 0x" + Integer.toHexString(type) + " of " + length + " bytes", at + 2);
    }
    long payloadAt = streamOffset;
    if (fill(small.clear().limit(length)) < length) {
      throw truncated(CONTEXT);
    }
    Payload in = new Payload(Arrays.copyOf(small.array(), length), payloadAt, CONTEXT);
    ReturnPathMessage message =
        switch (type) {
          case ReturnPathDescriptor.SHUT -> new Shut(in.be32());
          case ReturnPathDescriptor.PONG -> new Pong(in.be32());
          case ReturnPathDescriptor.REQ_PAGES_ID -> {
            long start = in.be64();
            int bytes = in.be32();
            yield new RequestPagesOf(in.countedString(), start, bytes);
          }
          case ReturnPathDescriptor.REQ_PAGES -> new RequestPages(in.be64(), in.be32());
          case ReturnPathDescriptor.RECV_BITMAP -> {
            String block = in.countedString();
            in.end();
            yield new ReceivedBitmap(block, bitmap());
          }
          case ReturnPathDescriptor.RESUME_ACK -> new ResumeAck(in.be32());
          case ReturnPathDescriptor.SWITCHOVER_ACK -> new SwitchoverAck();
          default -> throw new AssertionError(type);
        };
    in.end();
    return message;
  }

  private byte[] bitmap() throws IOException {
    long at = streamOffset;
    long size = be64();
    if (size < 0 || size > limits.receivedBitmapBytes()) {
      throw new StreamException.LimitExceeded(
          "bitmap of " + Long.toUnsignedString(size) + " bytes", at, BITMAP);
    }
    if (size % Long.BYTES != 0) {
      throw new StreamException.Malformed("bitmap of " + size + " bytes", at, BITMAP);
    }
    // What is allocated follows what has come, so that a length that lies costs nothing.
    byte[] bits = new byte[(int) Math.min(size, FIRST_PIECE)];
    int done = 0;
    while (done < size) {
      if (done == bits.length) {
        bits = Arrays.copyOf(bits, (int) Math.min(size, bits.length * 2L));
      }
      ByteBuffer piece = ByteBuffer.wrap(bits, done, bits.length - done);
      if (fill(piece) < bits.length - done) {
        throw truncated(BITMAP);
      }
      done = bits.length;
    }
    long endAt = streamOffset;
    long end = be64();
    if (end != ReturnPathDescriptor.BITMAP_END) {
      throw new StreamException.Malformed(
          "0x" + Long.toHexString(end) + " behind a bitmap", endAt, BITMAP);
    }
    return bits;
  }

  private long be64() throws IOException {
    if (fill(small.clear().limit(Long.BYTES)) < Long.BYTES) {
      throw truncated(BITMAP);
    }
    return small.getLong(0);
  }

  /// Reads until a buffer is full or the channel ends.
  ///
  /// @return bytes read
  private int fill(ByteBuffer target) throws IOException {
    int done = 0;
    while (target.hasRemaining()) {
      int got = channel.read(target);
      if (got == 0) {
        throw new IllegalStateException("the channel is not in blocking mode");
      }
      if (got < 0) {
        break;
      }
      done += got;
      streamOffset += got;
    }
    return done;
  }

  private StreamException truncated(String context) {
    return new StreamException.Truncated("the return path ends", streamOffset, context);
  }

  private static StreamException malformed(String what, long at) {
    return new StreamException.Malformed(what, at, CONTEXT);
  }

  /// Closes the channel.
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
