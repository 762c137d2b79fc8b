// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.mappedram;

import dev.tidemark.checkpoint.RandomAccessTarget;
import dev.tidemark.stream.MappedRamDescriptor;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.MappedRam;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The bitmaps of a file that is being written: a bit for each page, outside the heap, in chunks
/// that are allocated when a bit of theirs is first set.
///
/// Used by the thread that made it.
final class PageBits implements AutoCloseable {
  private static final int CHUNK_BYTES = 4096;
  private static final int CHUNK_PAGES = CHUNK_BYTES * 8;

  /// Most bytes of bits: enough for 4 TiB of RAM in pages of 4 KiB, and more where most is zero.
  private static final long MOST_BYTES = 128L << 20;

  private final List<RamBlockEntry> entries;
  private final int pageSize;

  /// For each block, its first chunk.
  private final int[] firstChunks;

  private final @Nullable MemorySegment[] chunks;
  private final Arena arena = Arena.ofConfined();
  private long bytes;

  /// @param entries the RAM blocks with their places
  PageBits(List<RamBlockEntry> entries, int pageSize) {
    this.entries = entries;
    this.pageSize = pageSize;
    this.firstChunks = new int[entries.size() + 1];
    for (int i = 0; i < entries.size(); i++) {
      long pages = entries.get(i).block().usedLength() / pageSize;
      firstChunks[i + 1] =
          Math.toIntExact(firstChunks[i] + (pages + CHUNK_PAGES - 1) / CHUNK_PAGES);
    }
    chunks = new MemorySegment[firstChunks[entries.size()]];
  }

  /// Marks a page as stored.
  void set(RamBlock block, long page) throws StreamException {
    int index = firstChunks[block.index()] + (int) (page / CHUNK_PAGES);
    MemorySegment chunk = chunks[index];
    if (chunk == null) {
      chunk = newChunk();
      chunks[index] = chunk;
    }
    int bit = (int) (page % CHUNK_PAGES);
    byte eight = chunk.get(ValueLayout.JAVA_BYTE, bit >>> 3);
    chunk.set(ValueLayout.JAVA_BYTE, bit >>> 3, (byte) (eight | 1 << (bit & 7)));
  }

  private MemorySegment newChunk() throws StreamException {
    bytes += CHUNK_BYTES;
    if (bytes > MOST_BYTES) {
      throw new StreamException.LimitExceeded(
          "pages scattered over too much RAM", 0, "mapped-ram bitmap");
    }
    return arena.allocate(CHUNK_BYTES, Long.BYTES);
  }

  /// Marks a page as not stored.
  void clear(RamBlock block, long page) {
    MemorySegment chunk = chunks[firstChunks[block.index()] + (int) (page / CHUNK_PAGES)];
    if (chunk != null) {
      int bit = (int) (page % CHUNK_PAGES);
      byte eight = chunk.get(ValueLayout.JAVA_BYTE, bit >>> 3);
      chunk.set(ValueLayout.JAVA_BYTE, bit >>> 3, (byte) (eight & ~(1 << (bit & 7))));
    }
  }

  /// Writes the bitmaps to their places. Chunks of clear bits are left out.
  void writeTo(RandomAccessTarget out) throws IOException {
    for (RamBlockEntry entry : entries) {
      RamBlock block = entry.block();
      long at = entry.mappedRam().map(MappedRam::bitmapOffset).orElseThrow();
      long left = MappedRamDescriptor.bitmapBytes(block.usedLength(), pageSize);
      for (int i = firstChunks[block.index()]; i < firstChunks[block.index() + 1]; i++) {
        MemorySegment chunk = chunks[i];
        if (chunk != null) {
          out.write(at, chunk.asSlice(0, Math.min(CHUNK_BYTES, left)));
        }
        at += CHUNK_BYTES;
        left -= CHUNK_BYTES;
      }
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
