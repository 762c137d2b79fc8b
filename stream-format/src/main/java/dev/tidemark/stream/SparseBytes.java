// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.checkpoint.ByteSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Bytes of a stream kept outside the heap, by their stream offsets, as they pass by; chunks of
/// nothing but zeroes take no room. What was not kept reads as zero.
final class SparseBytes implements ByteSource {
  private static final int CHUNK = 4096;
  private static final int SLAB = 256 * CHUNK;

  private final long limit;
  private final List<MemorySegment> slabs = new ArrayList<>();
  private final MemorySegment filling = Arena.ofAuto().allocate(CHUNK, 8);

  /// The chunks that are kept, ascending; the first [#chunks] count.
  private long[] numbers = new long[64];

  private int chunks;

  /// The chunk that is being filled.
  private long number = -1;

  private long size;

  /// @param limit most bytes to keep
  SparseBytes(long limit) {
    this.limit = limit;
  }

  /// Keeps the window's bytes up to a stream offset, waiting for them. Offsets ascend from call to
  /// call.
  void take(StreamWindow in, long end, String context) throws IOException {
    while (in.streamOffset() < end) {
      in.require(1, context);
      long at = in.streamOffset();
      if (at / CHUNK != number) {
        finish();
        number = at / CHUNK;
      }
      int inChunk = (int) (at % CHUNK);
      int count = (int) Math.min(Math.min(in.remaining(), end - at), CHUNK - inChunk);
      MemorySegment.copy(in.segment, in.position, filling, inChunk, count);
      in.position += count;
      size = at + count;
    }
  }

  /// Puts the last chunk away.
  void finish() throws StreamException {
    if (number < 0 || isZero()) {
      return;
    }
    if ((chunks + 1L) * CHUNK > limit) {
      throw new StreamException.LimitExceeded(
          "more than " + limit + " bytes of mapped-ram content on a pipe",
          number * CHUNK,
          "mapped-ram pages");
    }
    if (chunks % (SLAB / CHUNK) == 0) {
      slabs.add(Arena.ofAuto().allocate(SLAB, 4096));
    }
    if (chunks == numbers.length) {
      numbers = Arrays.copyOf(numbers, chunks * 2);
    }
    numbers[chunks] = number;
    MemorySegment.copy(filling, 0, slab(chunks), inSlab(chunks), CHUNK);
    chunks++;
    filling.fill((byte) 0);
    number = -1;
  }

  private boolean isZero() {
    for (int at = 0; at < CHUNK; at += Long.BYTES) {
      if (filling.get(ValueLayout.JAVA_LONG, at) != 0) {
        return false;
      }
    }
    return true;
  }

  private MemorySegment slab(int chunk) {
    return slabs.get(chunk / (SLAB / CHUNK));
  }

  private static long inSlab(int chunk) {
    return (long) (chunk % (SLAB / CHUNK)) * CHUNK;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long position, MemorySegment target) {
    int count = (int) Math.max(0, Math.min(target.byteSize(), size - position));
    for (int done = 0; done < count; ) {
      long at = position + done;
      int inChunk = (int) (at % CHUNK);
      int piece = Math.min(count - done, CHUNK - inChunk);
      int chunk = Arrays.binarySearch(numbers, 0, chunks, at / CHUNK);
      if (chunk >= 0) {
        MemorySegment.copy(slab(chunk), inSlab(chunk) + inChunk, target, done, piece);
      } else {
        target.asSlice(done, piece).fill((byte) 0);
      }
      done += piece;
    }
    return count;
  }

  @Override
  public void close() {
    // Given back with the slabs.
  }
}
