// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.stream;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// For each page of one RAM block: nothing, zero, one byte that fills it, where its newest content
/// stands, or that it is in the spool. One native long a page, in chunks that are allocated when
/// first needed.
///
/// The two low bits tell the kind, the others the stream offset or the fill byte.
final class PageIndex {
  static final long MISSING = 0;
  static final long ZERO = 1;
  private static final int DATA_BITS = 2;
  private static final int FILL_BITS = 3;
  private static final int KIND_MASK = 3;

  /// The newest content is in the spool.
  static final long SPOOLED = (256 << 2) | FILL_BITS;

  private static final int CHUNK_PAGES = 1 << 12;
  private static final long CHUNK_BYTES = CHUNK_PAGES * 8L;

  private final @Nullable MemorySegment[] chunks;
  private final Arena arena;
  private final AtomicLong budget;

  /// @param pages how many pages the block has
  /// @param arena owns the chunks
  /// @param budget bytes that chunks may still take, shared by all blocks
  PageIndex(long pages, Arena arena, AtomicLong budget) {
    this.chunks = new MemorySegment[Math.toIntExact((pages + CHUNK_PAGES - 1) / CHUNK_PAGES)];
    this.arena = arena;
    this.budget = budget;
  }

  static long data(long streamOffset) {
    return streamOffset << 2 | DATA_BITS;
  }

  static long filled(byte fill) {
    return (long) Byte.toUnsignedInt(fill) << 2 | FILL_BITS;
  }

  static boolean isData(long entry) {
    return (entry & KIND_MASK) == DATA_BITS;
  }

  static boolean isFilled(long entry) {
    return (entry & KIND_MASK) == FILL_BITS && entry != SPOOLED;
  }

  static long streamOffset(long entry) {
    return entry >>> 2;
  }

  static byte fill(long entry) {
    return (byte) (entry >>> 2);
  }

  long get(long page) {
    MemorySegment chunk = chunks[(int) (page / CHUNK_PAGES)];
    return chunk == null ? MISSING : chunk.getAtIndex(ValueLayout.JAVA_LONG, page % CHUNK_PAGES);
  }

  /// The first page from one on, before `end`, whose entry is of another kind: nothing, zero, or
  /// content of any sort; else `end`.
  long endOfKind(long page, long end) {
    int content = content(get(page));
    long next = page + 1;
    while (next < end) {
      long endOfChunk = Math.min(end, (next / CHUNK_PAGES + 1) * CHUNK_PAGES);
      MemorySegment chunk = chunks[(int) (next / CHUNK_PAGES)];
      if (chunk == null) {
        if (content != MISSING) {
          return next;
        }
        next = endOfChunk;
        continue;
      }
      long first = next - next % CHUNK_PAGES;
      for (; next < endOfChunk; next++) {
        if (content(chunk.getAtIndex(ValueLayout.JAVA_LONG, next - first)) != content) {
          return next;
        }
      }
    }
    return end;
  }

  /// [#MISSING], [#ZERO] or [#DATA_BITS].
  private static int content(long entry) {
    int bits = (int) entry & KIND_MASK;
    return bits == FILL_BITS ? DATA_BITS : bits;
  }

  /// Sets an entry; false if the budget does not allow it.
  boolean set(long page, long entry) {
    int at = (int) (page / CHUNK_PAGES);
    MemorySegment chunk = chunks[at];
    if (chunk == null) {
      if (budget.addAndGet(-CHUNK_BYTES) < 0) {
        return false;
      }
      chunk = arena.allocate(CHUNK_BYTES, 8);
      chunks[at] = chunk;
    }
    chunk.setAtIndex(ValueLayout.JAVA_LONG, page % CHUNK_PAGES, entry);
    return true;
  }
}
