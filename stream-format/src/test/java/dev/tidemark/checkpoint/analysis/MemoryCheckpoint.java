// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.analysis;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// A checkpoint in memory: pages are put into it one by one, the others are missing.
class MemoryCheckpoint implements Checkpoint {
  static final int PAGE = 4096;

  private final List<RamBlock> blocks = new ArrayList<>();
  private final Map<String, byte[]> pages = new HashMap<>();
  private int pageSize = PAGE;

  /// A checkpoint with one RAM block.
  static MemoryCheckpoint of(String block, int pages) {
    return new MemoryCheckpoint().with(block, pages);
  }

  MemoryCheckpoint with(String block, int count) {
    blocks.add(new RamBlock(blocks.size(), block, (long) count * PAGE));
    return this;
  }

  MemoryCheckpoint withPageSize(int size) {
    pageSize = size;
    return this;
  }

  /// Records a page: zero if there are no bytes.
  MemoryCheckpoint put(String block, long page, byte... content) {
    pages.put(block + "/" + page * PAGE, content.clone());
    return this;
  }

  @Override
  public CheckpointFormat format() {
    return CheckpointFormat.STREAM;
  }

  @Override
  public MachineConfiguration configuration() {
    return new MachineConfiguration("pc", OptionalInt.empty(), List.of(), Optional.empty());
  }

  @Override
  public List<RamBlock> ramBlocks() {
    return List.copyOf(blocks);
  }

  @Override
  public int targetPageSize() {
    return pageSize;
  }

  @Override
  public PageKind pageKind(RamBlock block, long pageOffset) {
    byte[] page = pages.get(block.idstr() + "/" + pageOffset);
    if (page == null) {
      return PageKind.MISSING;
    }
    return page.length == 0 ? PageKind.ZERO : PageKind.DATA;
  }

  @Override
  public PageKind readPage(RamBlock block, long pageOffset, MemorySegment target)
      throws IOException {
    byte[] page = pages.get(block.idstr() + "/" + pageOffset);
    target.fill((byte) 0);
    if (page != null) {
      MemorySegment.copy(MemorySegment.ofArray(page), 0, target, 0, page.length);
    }
    return pageKind(block, pageOffset);
  }

  @Override
  public DeviceState deviceState() {
    return new DeviceState(new byte[0], Optional.empty());
  }

  @Override
  public Optional<Manifest> manifest() {
    return Optional.empty();
  }

  @Override
  public CheckpointStream stream() {
    throw new IllegalStateException("read at random only");
  }

  @Override
  public void close() {}
}
