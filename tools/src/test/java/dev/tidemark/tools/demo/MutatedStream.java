// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/// A checkpoint's stream with other content in some pages of its main RAM.
final class MutatedStream implements CheckpointStream {
  private final CheckpointStream original;
  private final Map<Long, MemorySegment> pages;

  /// @param pages new content by page offset
  MutatedStream(CheckpointStream original, Map<Long, MemorySegment> pages) {
    this.original = original;
    this.pages = pages;
  }

  @Override
  public MachineConfiguration configuration() {
    return original.configuration();
  }

  @Override
  public List<RamBlock> ramBlocks() {
    return original.ramBlocks();
  }

  @Override
  public int targetPageSize() {
    return original.targetPageSize();
  }

  @Override
  public boolean eachPageOnce() {
    return original.eachPageOnce();
  }

  @Override
  public boolean footers() {
    return original.footers();
  }

  @Override
  public byte[] earlySections() throws IOException {
    return original.earlySections();
  }

  @Override
  public void forEachPage(PageVisitor visitor) throws IOException {
    original.forEachPage(
        new PageVisitor() {
          @Override
          public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset)
              throws IOException {
            MemorySegment other = pages.get(pageOffset);
            if (other == null || !block.idstr().equals(CheckpointModel.BLOCK)) {
              visitor.page(block, pageOffset, window, windowOffset);
            } else {
              visitor.page(block, pageOffset, other, 0);
            }
          }

          @Override
          public void zeroPage(RamBlock block, long pageOffset) throws IOException {
            MemorySegment other = pages.get(pageOffset);
            if (other == null || !block.idstr().equals(CheckpointModel.BLOCK)) {
              visitor.zeroPage(block, pageOffset);
            } else {
              visitor.page(block, pageOffset, other, 0);
            }
          }
        });
  }

  @Override
  public DeviceState deviceState() throws IOException {
    return original.deviceState();
  }

  @Override
  public void close() throws IOException {
    original.close();
  }
}
