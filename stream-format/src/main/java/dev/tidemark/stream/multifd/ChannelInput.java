// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.StreamException;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The part of a channel that is in memory: one native segment. Bytes before [#position] are used
/// up. What [#ensure] has confirmed is whole and in one piece until the next call of it.
final class ChannelInput implements Closeable {
  /// A whole compressed payload, or any header, or any page.
  static final int CAPACITY = MultifdPacketDescriptor.MAX_PAYLOAD + (64 << 10);

  final MemorySegment segment = Arena.ofAuto().allocate(CAPACITY, 4096);
  private final ByteBuffer view = segment.asByteBuffer();
  private final @Nullable ReadableByteChannel channel;
  private final @Nullable ByteSource source;

  /// What this is called in errors.
  private String name = "multifd channel";

  private long base;
  int position;
  private int limit;
  private boolean ended;

  ChannelInput(ReadableByteChannel channel) {
    this.channel = channel;
    this.source = null;
  }

  ChannelInput(ByteSource source) {
    this.channel = null;
    this.source = source;
  }

  void called(String newName) {
    name = newName;
  }

  /// Offset of the next byte.
  long streamOffset() {
    return base + position;
  }

  /// Whether the next `count` bytes could be had; waits for them, and for no more.
  boolean ensure(int count) throws IOException {
    if (limit - position >= count) {
      return true;
    }
    if (position + count > CAPACITY || position == limit) {
      MemorySegment.copy(segment, position, segment, 0, limit - position);
      base += position;
      limit -= position;
      position = 0;
    }
    while (limit < position + count) {
      if (!readMore()) {
        return false;
      }
    }
    return true;
  }

  private boolean readMore() throws IOException {
    if (ended) {
      return false;
    }
    int got;
    if (channel != null) {
      view.limit(CAPACITY).position(limit);
      got = channel.read(view);
      if (got == 0) {
        throw new IllegalStateException("the channel is not in blocking mode");
      }
    } else if (source != null) {
      got = source.read(base + limit, segment.asSlice(limit, CAPACITY - limit));
    } else {
      throw new AssertionError();
    }
    if (got <= 0) {
      ended = true;
      return false;
    }
    limit += got;
    return true;
  }

  void require(int count, String context) throws IOException {
    if (!ensure(count)) {
      throw truncated("the channel ends", context);
    }
  }

  int remaining() {
    return limit - position;
  }

  int be32(int at) {
    return segment.get(MultifdPacketDescriptor.BE32, (long) position + at);
  }

  long be64(int at) {
    return segment.get(MultifdPacketDescriptor.BE64, (long) position + at);
  }

  byte u8(int at) {
    return segment.get(ValueLayout.JAVA_BYTE, (long) position + at);
  }

  /// The next `count` bytes, which may be more than fit in the window. What is allocated follows
  /// what has come, so that a length that lies costs little.
  byte[] bytes(int count, String context) throws IOException {
    byte[] bytes = new byte[Math.min(count, 1 << 16)];
    int size = 0;
    while (size < count) {
      require(1, context);
      int piece = Math.min(remaining(), count - size);
      if (bytes.length - size < piece) {
        long doubled = Math.max(bytes.length * 2L, (long) size + piece);
        bytes = Arrays.copyOf(bytes, (int) Math.min(doubled, count));
      }
      MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, position, bytes, size, piece);
      position += piece;
      size += piece;
    }
    return bytes;
  }

  /// As much of the next bytes as is in the window, for a decoder.
  ByteBuffer slice(int count) {
    return view.slice(position, count);
  }

  StreamException truncated(String what, String context) {
    return new StreamException.Truncated(what, base + limit, name + " " + context);
  }

  StreamException malformed(String what, long at, String context) {
    return new StreamException.Malformed(what, at, name + " " + context);
  }

  StreamException unsupported(String what, long at, String context) {
    return new StreamException.Unsupported(what, at, name + " " + context);
  }

  StreamException limitExceeded(String what, long at, String context) {
    return new StreamException.LimitExceeded(what, at, name + " " + context);
  }

  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.close();
    }
    if (source != null) {
      source.close();
    }
  }
}
