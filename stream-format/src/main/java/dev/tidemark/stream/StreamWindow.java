// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static java.nio.ByteOrder.BIG_ENDIAN;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.MappedByteSource;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import org.jspecify.annotations.Nullable;

/// The part of a stream that is in memory: one native segment, filled by reads as large as the room
/// left in it. Bytes before [#position] are used up; those from there to [#limit] are to be read.
///
/// What has been read moves only when more must come and the room behind it is too small. Thus a
/// record is whole and in one piece once [#ensure] has said so for its full length.
///
/// Of a source that has its bytes in memory the segment is all of them: nothing is copied and
/// nothing moves.
final class StreamWindow implements Closeable {
  static final ValueLayout.OfLong BE64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(BIG_ENDIAN);
  static final ValueLayout.OfInt BE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(BIG_ENDIAN);
  static final ValueLayout.OfShort BE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);

  /// Bytes of the first read of a source; each further one is twice as large, up to the window.
  private static final int FIRST_READ = 4096;

  /// Bytes of the first read behind a jump: a few records' headers.
  private static final int READ_BEHIND_JUMP = 64;

  final MemorySegment segment;
  private final long capacity;
  private final @Nullable ByteBuffer view;
  private final @Nullable ReadableByteChannel channel;
  private final @Nullable ByteSource source;

  /// Stream offset of the segment's first byte.
  long base;

  long position;
  long limit;

  /// Most bytes of the next read of a source beyond what is asked for: few behind a jump, since
  /// another is likely to follow.
  private long nextRead = FIRST_READ;
  private boolean ended;

  private StreamWindow(
      int capacity, @Nullable ReadableByteChannel channel, @Nullable ByteSource source) {
    this.capacity = capacity;
    this.segment = Arena.ofAuto().allocate(capacity, 4096);
    this.view = segment.asByteBuffer();
    this.channel = channel;
    this.source = source;
  }

  private StreamWindow(MemorySegment all, ByteSource source) {
    this.capacity = all.byteSize();
    this.segment = all;
    this.view = null;
    this.channel = null;
    this.source = source;
    this.limit = capacity;
  }

  static StreamWindow over(ReadableByteChannel channel, int capacity) {
    return new StreamWindow(capacity, channel, null);
  }

  static StreamWindow over(ByteSource source, int capacity) {
    return source
        .memory()
        .map(all -> new StreamWindow(all, source))
        .orElseGet(() -> new StreamWindow(capacity, null, source));
  }

  /// Whether the whole input is in memory.
  private boolean isWhole() {
    return view == null;
  }

  /// Bytes that can be used up without a read; of a larger number the largest int.
  int remaining() {
    return (int) Math.min(limit - position, Integer.MAX_VALUE);
  }

  /// Stream offset of the next byte.
  long streamOffset() {
    return base + position;
  }

  /// Whether the next `count` bytes could be had; waits for them, and for no more.
  boolean ensure(int count) throws IOException {
    return limit - position >= count || fill(count);
  }

  private boolean fill(int count) throws IOException {
    if (view == null) {
      return false;
    }
    if (position == limit) {
      base += position;
      position = 0;
      limit = 0;
    } else if (position + count > capacity) {
      MemorySegment.copy(segment, position, segment, 0, limit - position);
      base += position;
      limit -= position;
      position = 0;
    }
    while (limit - position < count) {
      if (!readMore(view, position + count - limit)) {
        return false;
      }
    }
    return true;
  }

  /// One read, of at least `wanted` bytes where the source has them. False at the end of the input.
  private boolean readMore(ByteBuffer into, long wanted) throws IOException {
    if (ended) {
      return false;
    }
    int got;
    if (channel != null) {
      into.limit((int) capacity).position((int) limit);
      got = channel.read(into);
      if (got == 0) {
        throw new IllegalStateException("the channel is not in blocking mode");
      }
    } else if (source != null) {
      long end = Math.min(capacity, limit + Math.max(wanted, nextRead));
      nextRead = Math.min(capacity, nextRead * 2);
      got = source.read(base + limit, into.limit((int) end).position((int) limit));
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

  /// Passes over the next `count` bytes. What a source has not been asked for yet is not read.
  void skip(int count, String context) throws IOException {
    if (source != null) {
      jumpTo(streamOffset() + count, context);
      return;
    }
    for (int left = count; left > 0; ) {
      require(1, context);
      int step = Math.min(left, remaining());
      position += step;
      left -= step;
    }
  }

  /// Goes on at a later offset, of a seekable source without reading what is between.
  void jumpTo(long streamOffset, String context) throws IOException {
    nextRead = READ_BEHIND_JUMP;
    if (streamOffset <= base + limit) {
      position = streamOffset - base;
      return;
    }
    if (view == null) {
      throw truncated(context);
    }
    if (source == null) {
      throw new AssertionError("not seekable");
    }
    long size = source.size();
    if (streamOffset > size) {
      throw new StreamException.Truncated("the stream ends", size, context);
    }
    base = streamOffset;
    position = 0;
    limit = 0;
  }

  /// What an error says that a mapped file caused which has become shorter. Any other is thrown.
  StreamException cut(InternalError e) {
    if (!isWhole() || !MappedByteSource.isFault(e)) {
      throw e;
    }
    StreamException truncated =
        new StreamException.Truncated(
            "the file was cut while it was mapped", streamOffset(), "mapped file");
    truncated.initCause(e);
    return truncated;
  }

  /// Waits for the next `count` bytes.
  void require(int count, String context) throws IOException {
    if (!ensure(count)) {
      throw truncated(context);
    }
  }

  StreamException truncated(String context) {
    return new StreamException.Truncated("the stream ends", base + limit, context);
  }

  StreamException malformed(String what, long streamOffset, String context) {
    return new StreamException.Malformed(what, streamOffset, context);
  }

  int peek() {
    return Byte.toUnsignedInt(segment.get(ValueLayout.JAVA_BYTE, position));
  }

  int u8(String context) throws IOException {
    require(1, context);
    return Byte.toUnsignedInt(segment.get(ValueLayout.JAVA_BYTE, position++));
  }

  int be16(String context) throws IOException {
    require(2, context);
    int value = Short.toUnsignedInt(segment.get(BE16, position));
    position += 2;
    return value;
  }

  int be32(String context) throws IOException {
    require(4, context);
    int value = segment.get(BE32, position);
    position += 4;
    return value;
  }

  long be64(String context) throws IOException {
    require(8, context);
    long value = segment.get(BE64, position);
    position += 8;
    return value;
  }

  /// The next `count` bytes; `count` has been checked against a limit. What is allocated follows
  /// what has come, so that a length that lies costs nothing.
  byte[] bytes(int count, String context) throws IOException {
    GrowingBytes out = new GrowingBytes(Math.min(count, 1 << 16));
    while (out.size() < count) {
      require(1, context);
      out.take(this, Math.min(remaining(), count - out.size()));
    }
    return out.toArray();
  }

  String countedString(String context) throws IOException {
    long at = streamOffset();
    int length = u8(context);
    if (length == 0) {
      throw malformed("empty name", at, context);
    }
    require(length, context);
    return Names.string(bytes(length, context));
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
