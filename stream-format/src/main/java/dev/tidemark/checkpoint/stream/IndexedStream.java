// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.stream;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.MappedByteSource;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// The newest version of each page, block by block in address order. What is stored in that order
/// is read in large pieces; of a source that has its bytes in memory nothing is copied.
final class IndexedStream implements CheckpointStream {
  private static final String CONTEXT = "page content";
  private static final int WINDOW_BYTES = 1 << 20;

  /// Gap up to which the next page counts as following: a header with a long name and a zero page
  /// or two.
  private static final int NEAR = 4096;

  private final StreamCheckpoint checkpoint;
  private final ByteSource source;
  private final long start;

  /// Whether the window is all of the source.
  private final boolean whole;

  private final MemorySegment window;
  private final MemorySegment filled;
  private final int pageSize;

  /// Where the window starts in the source.
  private long windowAt;

  private long windowLength;
  private boolean visited;

  /// @param start where the stream starts in the source
  IndexedStream(StreamCheckpoint checkpoint, ByteSource source, long start) {
    this.start = start;
    this.checkpoint = checkpoint;
    this.source = source;
    this.pageSize = checkpoint.targetPageSize();
    Optional<MemorySegment> memory = source.memory();
    this.whole = memory.isPresent();
    this.window = memory.orElseGet(() -> Arena.ofAuto().allocate(WINDOW_BYTES, 4096));
    this.filled = Arena.ofAuto().allocate(pageSize);
  }

  @Override
  public MachineConfiguration configuration() {
    return checkpoint.configuration();
  }

  @Override
  public List<RamBlock> ramBlocks() {
    return checkpoint.ramBlocks();
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
    return checkpoint.footers();
  }

  @Override
  public byte[] earlySections() {
    return checkpoint.deviceState().early();
  }

  @Override
  public void forEachPage(PageVisitor visitor) throws IOException {
    if (visited) {
      throw new IllegalStateException("the pages have been visited");
    }
    visited = true;
    try {
      for (RamBlock block : checkpoint.ramBlocks()) {
        for (long offset = 0; offset < block.usedLength(); offset += pageSize) {
          visit(visitor, block, offset);
        }
      }
    } catch (InternalError e) {
      if (whole && MappedByteSource.isFault(e)) {
        StreamException cut =
            new StreamException.Truncated("the file was cut while it was mapped", 0, CONTEXT);
        cut.initCause(e);
        throw cut;
      }
      throw e;
    }
  }

  private void visit(PageVisitor visitor, RamBlock block, long offset) throws IOException {
    long entry = checkpoint.entry(block, offset);
    if (PageIndex.isData(entry)) {
      long at = start + PageIndex.streamOffset(entry);
      if (!whole) {
        load(at);
      }
      visitor.page(block, offset, window, at - windowAt);
    } else if (PageIndex.isFilled(entry)) {
      filled.fill(PageIndex.fill(entry));
      visitor.filledPage(block, offset, PageIndex.fill(entry), filled, 0);
    } else if (entry == PageIndex.SPOOLED) {
      checkpoint.readEntry(entry, block, offset, filled);
      visitor.page(block, offset, filled, 0);
    } else if (entry == PageIndex.ZERO) {
      visitor.zeroPage(block, offset);
    }
  }

  /// Sees to it that a page is in the window.
  ///
  /// @param at where its content stands in the source
  private void load(long at) throws IOException {
    long end = windowAt + windowLength;
    if (at >= windowAt && at + pageSize <= end) {
      return;
    }
    boolean follows = at >= end - pageSize && at <= end + NEAR;
    int got = source.read(at, follows ? window : window.asSlice(0, pageSize));
    if (got < pageSize) {
      throw new StreamException.Truncated("the stream ends", at - start + got, CONTEXT);
    }
    windowAt = at;
    windowLength = got;
  }

  @Override
  public DeviceState deviceState() {
    return checkpoint.deviceState();
  }

  @Override
  public void close() {
    // The checkpoint's owner closes it.
  }
}
