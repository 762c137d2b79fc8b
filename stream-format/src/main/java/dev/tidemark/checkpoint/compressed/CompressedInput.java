// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.compressed;

import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// Compressed bytes on their way to a codec: knows where it is, whether the end was met, and what
/// went wrong beneath, so that it can be told from what the codec finds wrong.
final class CompressedInput extends InputStream {
  private static final int BUFFER = 1 << 16;

  private final ReadableByteChannel channel;

  private final LongConsumer progress;
  private final byte[] buffer = new byte[BUFFER];
  private int at;
  private int end;

  /// Offset of the buffer's first byte.
  private long offset;

  private boolean ended;
  private @Nullable IOException failure;

  /// @param offset where the channel's first byte stands in its file
  /// @param progress told the offset behind the bytes read, now and then
  CompressedInput(ReadableByteChannel channel, long offset, LongConsumer progress) {
    this.channel = channel;
    this.offset = offset;
    this.progress = progress;
  }

  /// Offset of the next byte.
  long position() {
    return offset + at;
  }

  /// Whether more was asked for than there is.
  boolean ended() {
    return ended;
  }

  /// Why the channel could not be read; null if it could.
  @Nullable IOException failure() {
    return failure;
  }

  /// The next bytes, which stay the next: up to `count`, fewer at the end.
  byte[] peek(int count) throws IOException {
    while (end - at < count && more()) {
      // Until there are enough.
    }
    return Arrays.copyOfRange(buffer, at, Math.min(end, at + count));
  }

  /// Whether there is nothing more.
  boolean atEnd() throws IOException {
    return at == end && !more();
  }

  /// Brings bytes behind those in the buffer.
  private boolean more() throws IOException {
    if (at > 0) {
      System.arraycopy(buffer, at, buffer, 0, end - at);
      offset += at;
      end -= at;
      at = 0;
    }
    try {
      int got = channel.read(ByteBuffer.wrap(buffer, end, BUFFER - end));
      if (got <= 0) {
        return false;
      }
      end += got;
      progress.accept(offset + end);
      return true;
    } catch (IOException e) {
      failure = e;
      throw e;
    }
  }

  @Override
  public int read() throws IOException {
    if (at == end && !more()) {
      ended = true;
      return -1;
    }
    return buffer[at++] & 0xff;
  }

  @Override
  public int read(byte[] target, int from, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (at == end && !more()) {
      ended = true;
      return -1;
    }
    int count = Math.min(length, end - at);
    System.arraycopy(buffer, at, target, from, count);
    at += count;
    return count;
  }

  /// Takes back bytes that the last read gave.
  void back(int count) {
    if (count > at) {
      throw new IllegalArgumentException(count + " bytes back of " + at);
    }
    at -= count;
  }

  @Override
  public int available() {
    return end - at;
  }

  /// A byte that has to be there.
  int u8(String context) throws IOException {
    int value = read();
    if (value < 0) {
      throw new StreamException.Truncated("compressed data ends", position(), context);
    }
    return value;
  }

  int be16(String context) throws IOException {
    return u8(context) << 8 | u8(context);
  }

  int be32(String context) throws IOException {
    return be16(context) << 16 | be16(context);
  }

  int le16(String context) throws IOException {
    return u8(context) | u8(context) << 8;
  }

  int le32(String context) throws IOException {
    return le16(context) | le16(context) << 16;
  }

  /// Bytes that have to be there.
  void fully(byte[] target, int from, int length, String context) throws IOException {
    for (int done = 0; done < length; ) {
      int got = read(target, from + done, length - done);
      if (got < 0) {
        throw new StreamException.Truncated("compressed data ends", position(), context);
      }
      done += got;
    }
  }

  /// Passes over bytes that have to be there.
  void skipFully(long length, String context) throws IOException {
    for (long left = length; left > 0; ) {
      if (at == end && !more()) {
        ended = true;
        throw new StreamException.Truncated("compressed data ends", position(), context);
      }
      int count = (int) Math.min(left, end - at);
      at += count;
      left -= count;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
