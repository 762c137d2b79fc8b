// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.qcow2;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicReferenceArray;

/// The bytes of an image: pieces, and words of its tables through a cache.
///
/// Tables are cached in chunks of 4 KiB, at most 64 of them, however large a table is. May be used
/// by several threads at once.
final class ImageBytes {
  private static final int CHUNK_BITS = 12;
  private static final int CHUNK = 1 << CHUNK_BITS;
  private static final int CHUNKS = 64;
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  private final ByteSource source;
  private final long size;
  private final AtomicReferenceArray<Chunk> chunks = new AtomicReferenceArray<>(CHUNKS);

  /// A piece of a table.
  ///
  /// @param number which 4 KiB of the file
  /// @param bytes fewer than 4 KiB at the end of the file
  private record Chunk(long number, byte[] bytes) {}

  ImageBytes(ByteSource source) throws IOException {
    this.source = source;
    this.size = source.size();
  }

  long size() {
    return size;
  }

  /// Reads bytes that must be there.
  ///
  /// @param position 0 or more
  /// @param context what is being read
  byte[] read(long position, int length, String context) throws IOException {
    if (position > size - length) {
      // Before it sizes an array.
      throw truncated(context);
    }
    byte[] bytes = new byte[length];
    read(position, MemorySegment.ofArray(bytes), context);
    return bytes;
  }

  /// Fills a segment with bytes that must be there.
  ///
  /// @param position 0 or more
  /// @param context what is being read
  void read(long position, MemorySegment target, String context) throws IOException {
    if (position > size - target.byteSize() || source.read(position, target) < target.byteSize()) {
      throw truncated(context);
    }
  }

  /// As many bytes as there are, up to a length.
  byte[] readUpTo(long position, int length, String context) throws IOException {
    return read(position, Math.clamp(size - position, 0, length), context);
  }

  /// A word of a table.
  ///
  /// @param position a multiple of 8, 0 or more
  /// @param context what the table is
  long word(long position, String context) throws IOException {
    if (position > size - Long.BYTES) {
      throw truncated(context);
    }
    long number = position >> CHUNK_BITS;
    int slot = (int) (number % CHUNKS);
    Chunk chunk = chunks.get(slot);
    if (chunk == null || chunk.number() != number) {
      chunk = new Chunk(number, readUpTo(number << CHUNK_BITS, CHUNK, context));
      chunks.set(slot, chunk);
    }
    return longAt(chunk.bytes(), (int) position & (CHUNK - 1));
  }

  static long longAt(byte[] bytes, int at) {
    return (long) LONG.get(bytes, at);
  }

  static int intAt(byte[] bytes, int at) {
    return (int) INT.get(bytes, at);
  }

  static int shortAt(byte[] bytes, int at) {
    return intAt(bytes, at) >>> 16;
  }

  private StreamException truncated(String context) {
    return new StreamException.Truncated("the image ends", size, context);
  }
}
