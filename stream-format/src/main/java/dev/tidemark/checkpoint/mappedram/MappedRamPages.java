// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.mappedram;

import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.MappedByteSource;
import dev.tidemark.checkpoint.mappedram.StoredBits.Piece;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// One pass over the pages of a mapped-ram file, in address order.
final class MappedRamPages implements CheckpointStream {
  private static final String CONTEXT = "mapped-ram pages";

  /// Most bytes read at once.
  private static final int WINDOW_BYTES = 1 << 20;

  /// Holes up to this many bytes are read along with what surrounds them.
  private static final int SMALL_HOLE = 1 << 14;

  private final MappedRamFile file;
  private final StoredBits bits;
  private final List<RamBlock> blocks;
  private final int pageSize;

  /// All of the file, where it is in memory.
  private final Optional<MemorySegment> memory;

  private final MemorySegment window;
  private boolean visited;

  MappedRamPages(MappedRamFile file, StoredBits bits) {
    this.file = file;
    this.bits = bits;
    this.blocks = file.blocks();
    this.pageSize = file.pageSize();
    this.memory = file.source().memory();
    this.window = memory.orElseGet(() -> Arena.ofAuto().allocate(WINDOW_BYTES, 4096));
  }

  @Override
  public MachineConfiguration configuration() {
    return file.configuration();
  }

  @Override
  public List<RamBlock> ramBlocks() {
    return blocks;
  }

  @Override
  public int targetPageSize() {
    return pageSize;
  }

  @Override
  public boolean eachPageOnce() {
    return true;
  }

  @Override
  public boolean footers() {
    return file.footers();
  }

  @Override
  public byte[] earlySections() {
    return file.devices().early();
  }

  @Override
  public void forEachPage(PageVisitor visitor) throws IOException {
    if (visited) {
      throw new IllegalStateException("the pages have been visited");
    }
    visited = true;
    try {
      for (RamBlock block : blocks) {
        long pages = block.usedLength() / pageSize;
        for (long first = 0; first < pages; first += StoredBits.PIECE_PAGES) {
          visit(visitor, block, first, bits.piece(block, first));
        }
      }
    } catch (InternalError e) {
      if (memory.isPresent() && MappedByteSource.isFault(e)) {
        StreamException cut =
            new StreamException.Truncated("the file was cut while it was mapped", 0, CONTEXT);
        cut.initCause(e);
        throw cut;
      }
      throw e;
    }
  }

  /// Visits the pages that a piece has bits for.
  private void visit(PageVisitor visitor, RamBlock block, long first, Piece piece)
      throws IOException {
    long pagesAt = file.place(block.index()).pagesOffset() + first * pageSize;
    for (int page = 0; page < piece.pages(); ) {
      int stored = piece.nextSet(page);
      for (; page < stored; page++) {
        visitor.zeroPage(block, (first + page) * pageSize);
      }
      int end = memory.isPresent() ? piece.nextClear(page) : runEnd(piece, page);
      long at = pagesAt + (long) page * pageSize;
      if (memory.isEmpty() && end > page) {
        file.read(at, window.asSlice(0, (long) (end - page) * pageSize), CONTEXT);
        at = 0;
      }
      for (; page < end; page++, at += pageSize) {
        if (piece.isSet(page)) {
          visitor.page(block, (first + page) * pageSize, window, at);
        } else {
          visitor.zeroPage(block, (first + page) * pageSize);
        }
      }
    }
  }

  /// Behind the last of the stored pages that are read together, from a stored one on.
  private int runEnd(Piece piece, int page) {
    int most = Math.min(piece.pages(), page + WINDOW_BYTES / pageSize);
    int end = Math.min(most, piece.nextClear(page));
    while (end < most) {
      int next = piece.nextSet(end);
      if (next >= most || (next - end) * pageSize > SMALL_HOLE) {
        break;
      }
      end = Math.min(most, piece.nextClear(next));
    }
    return end;
  }

  @Override
  public DeviceState deviceState() {
    return file.devices();
  }

  @Override
  public void close() {
    // The checkpoint's owner closes it.
  }
}
