// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.util.List;
import java.util.function.LongPredicate;

/// One pass over an archive in address order, each page once.
///
/// Pages in address order come from few archive blocks at a time: one of the first pass, and one of
/// each later pass that was drained in address order. So a few blocks are kept, and each is read
/// and decompressed about once.
final class ArchiveStream implements CheckpointStream {
  private static final int KEPT = 8;

  private final ArchiveCheckpoint checkpoint;
  private final LongPredicate lost;
  private final BlockReader[] kept = new BlockReader[KEPT];
  private final long[] lastUse = new long[KEPT];
  private long uses;
  private boolean visited;

  ArchiveStream(ArchiveCheckpoint checkpoint) {
    this(checkpoint, _ -> false);
  }

  /// @param lost tells the archive blocks whose pages are left out
  ArchiveStream(ArchiveCheckpoint checkpoint, LongPredicate lost) {
    this.checkpoint = checkpoint;
    this.lost = lost;
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
    return checkpoint.targetPageSize();
  }

  @Override
  public boolean eachPageOnce() {
    return true;
  }

  @Override
  public boolean footers() {
    return checkpoint.facts().prologue().footers();
  }

  @Override
  public byte[] earlySections() {
    return checkpoint.facts().prologue().earlySections();
  }

  @Override
  public void forEachPage(PageVisitor visitor) throws IOException {
    if (visited) {
      throw new IllegalStateException("pages were visited already");
    }
    visited = true;
    PageIndex index = checkpoint.index();
    RamLayout layout = checkpoint.layout();
    long page = 0;
    for (long run = 0; run < index.runs(); run++) {
      long end = index.firstPage(run + 1);
      long location = index.location(run);
      while (page < end) {
        int ramBlock = layout.blockOf(page);
        long stop = Math.min(end, layout.firstPage(ramBlock + 1));
        if (PageLocation.isData(location)) {
          if (!lost.test(PageLocation.block(location))) {
            data(visitor, ramBlock, page, stop, location);
          }
          location += (stop - page) * RecordPlaces.stride(layout.pageSize());
        } else if (location == PageLocation.ZERO) {
          zeroes(visitor, ramBlock, page, stop);
        }
        page = stop;
      }
    }
  }

  private void data(PageVisitor visitor, int ramBlock, long page, long stop, long location)
      throws IOException {
    RamLayout layout = checkpoint.layout();
    BlockReader reader = load(PageLocation.block(location));
    RamBlock block = layout.blocks().get(ramBlock);
    long offset = (page - layout.firstPage(ramBlock)) << layout.pageShift();
    int pageSize = layout.pageSize();
    long at = location;
    for (long p = page; p < stop; p++) {
      long start = reader.pageAt(at, layout, ramBlock, offset);
      visitor.page(block, offset, reader.content(), start);
      offset += pageSize;
      at += RecordPlaces.stride(pageSize);
    }
  }

  private void zeroes(PageVisitor visitor, int ramBlock, long page, long stop) throws IOException {
    RamLayout layout = checkpoint.layout();
    RamBlock block = layout.blocks().get(ramBlock);
    long first = layout.firstPage(ramBlock);
    for (long p = page; p < stop; p++) {
      visitor.zeroPage(block, (p - first) << layout.pageShift());
    }
  }

  /// A reader that holds a block: one that has it, else the one unused for longest.
  private BlockReader load(long block) throws IOException {
    int oldest = 0;
    for (int i = 0; i < KEPT; i++) {
      if (lastUse[i] != 0 && kept[i].block() == block) {
        lastUse[i] = ++uses;
        return kept[i];
      }
      if (lastUse[i] < lastUse[oldest]) {
        oldest = i;
      }
    }
    if (lastUse[oldest] == 0) {
      kept[oldest] = checkpoint.newBlockReader();
    }
    lastUse[oldest] = ++uses;
    kept[oldest].load(block);
    return kept[oldest];
  }

  @Override
  public DeviceState deviceState() throws IOException {
    if (!visited) {
      throw new IllegalStateException("pages come before the device state");
    }
    return checkpoint.deviceState();
  }

  /// Does nothing: the checkpoint is its opener's.
  @Override
  public void close() {}
}
