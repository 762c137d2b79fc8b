// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.raw;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.RandomAccessTarget;
import dev.tidemark.checkpoint.memory.MemoryMap;
import dev.tidemark.checkpoint.memory.MemoryRange;
import dev.tidemark.checkpoint.memory.RamCopy;
import dev.tidemark.checkpoint.memory.RamCopy.Piece;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.util.List;

/// Writes RAM as it is, without any header. Zero pages become holes.
public final class RawWriter {
  private RawWriter() {}

  /// Writes one block: offsets in the file are those in the block.
  ///
  /// @param in the checkpoint
  /// @param block one of its blocks
  /// @param out empty; neither made durable nor closed
  /// @param progress told how many bytes of RAM are done
  /// @return size of the file: the block's used length
  /// @throws IOException if one cannot be read or the other cannot be written
  public static long block(Checkpoint in, RamBlock block, RandomAccessTarget out, Progress progress)
      throws IOException {
    RamCopy.write(in, List.of(new Piece(block, 0, block.usedLength(), 0)), out, progress);
    out.grow(block.usedLength());
    return block.usedLength();
  }

  /// Writes guest-physical memory: offsets in the file are guest-physical addresses. Holes of the
  /// address space are holes of the file.
  ///
  /// @param in the checkpoint
  /// @param map where its blocks stand
  /// @param out empty; neither made durable nor closed
  /// @param progress told how many bytes of RAM are done
  /// @return size of the file: the address behind the last range
  /// @throws StreamException.Unsupported if no block has a place
  /// @throws IOException if one cannot be read or the other cannot be written
  public static long physical(
      Checkpoint in, MemoryMap map, RandomAccessTarget out, Progress progress) throws IOException {
    List<MemoryRange> ranges = map.ranges();
    if (ranges.isEmpty()) {
      throw new StreamException.Unsupported(
          "no RAM block has a known guest-physical address", 0, "memory map");
    }
    List<Piece> pieces =
        ranges.stream()
            .map(
                range ->
                    new Piece(range.block(), range.blockOffset(), range.length(), range.start()))
            .toList();
    RamCopy.write(in, pieces, out, progress);
    long size = ranges.getLast().end();
    out.grow(size);
    return size;
  }
}
