// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.memory;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/// A checkpoint made in memory: blocks of any size, of which a few pages have content.
public final class MadeCheckpoint implements Checkpoint {
  private final String machineType;
  private final int pageSize;
  private final DeviceState devices;
  private final List<RamBlock> blocks = new ArrayList<>();
  private final List<TreeMap<Long, byte[]>> pages = new ArrayList<>();

  public MadeCheckpoint(String machineType, int pageSize, DeviceState devices) {
    this.machineType = machineType;
    this.pageSize = pageSize;
    this.devices = devices;
  }

  public MadeCheckpoint(String machineType) {
    this(machineType, 4096, new DeviceState(new byte[0], Optional.empty()));
  }

  /// A block without content.
  public MadeCheckpoint with(String idstr, long usedLength) {
    blocks.add(new RamBlock(blocks.size(), idstr, usedLength));
    pages.add(new TreeMap<>());
    return this;
  }

  /// A block with content; what is all zeroes is no page.
  public MadeCheckpoint with(String idstr, byte[] content) {
    with(idstr, content.length);
    put(blocks.getLast(), 0, content);
    return this;
  }

  /// Puts bytes into a block.
  public void put(RamBlock block, long offset, byte[] content) {
    for (int i = 0; i < content.length; i++) {
      if (content[i] != 0) {
        long at = offset + i;
        pages.get(block.index())
                .computeIfAbsent(at - at % pageSize, _ -> new byte[pageSize])[
                (int) (at % pageSize)] =
            content[i];
      }
    }
  }

  @Override
  public CheckpointFormat format() {
    return CheckpointFormat.STREAM;
  }

  @Override
  public MachineConfiguration configuration() {
    return new MachineConfiguration(machineType, OptionalInt.empty(), List.of(), Optional.empty());
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
    return pages.get(block.index()).containsKey(pageOffset) ? PageKind.DATA : PageKind.ZERO;
  }

  @Override
  public PageKind readPage(RamBlock block, long pageOffset, MemorySegment target) {
    byte[] page = pages.get(block.index()).getOrDefault(pageOffset, new byte[pageSize]);
    MemorySegment.copy(MemorySegment.ofArray(page), 0, target, 0, pageSize);
    return pageKind(block, pageOffset);
  }

  @Override
  public DeviceState deviceState() {
    return devices;
  }

  @Override
  public Optional<Manifest> manifest() {
    return Optional.empty();
  }

  @Override
  public CheckpointStream stream() {
    return new Pass();
  }

  @Override
  public void close() {
    // Nothing is held.
  }

  private final class Pass implements CheckpointStream {
    @Override
    public MachineConfiguration configuration() {
      return MadeCheckpoint.this.configuration();
    }

    @Override
    public List<RamBlock> ramBlocks() {
      return MadeCheckpoint.this.ramBlocks();
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
      return true;
    }

    @Override
    public byte[] earlySections() {
      return devices.early();
    }

    @Override
    public void forEachPage(PageVisitor visitor) throws IOException {
      ByteBuffer buffer = ByteBuffer.allocateDirect(2 * pageSize);
      MemorySegment window = MemorySegment.ofBuffer(buffer);
      for (RamBlock block : blocks) {
        for (long at = 0; at < block.usedLength(); at += pageSize) {
          byte[] page = pages.get(block.index()).get(at);
          if (page == null) {
            visitor.zeroPage(block, at);
          } else {
            MemorySegment.copy(MemorySegment.ofArray(page), 0, window, pageSize / 2, pageSize);
            visitor.page(block, at, window, pageSize / 2);
          }
        }
      }
    }

    @Override
    public DeviceState deviceState() {
      return devices;
    }

    @Override
    public void close() {
      // Nothing is held.
    }
  }

  /// All of what a map shows, by address.
  public static Map<Long, Byte> shown(MadeCheckpoint checkpoint, MemoryMap map) {
    Map<Long, Byte> bytes = new TreeMap<>();
    byte[] page = new byte[checkpoint.pageSize];
    for (MemoryRange range : map.ranges()) {
      for (long i = 0; i < range.length(); i++) {
        long offset = range.blockOffset() + i;
        long inPage = offset % checkpoint.pageSize;
        checkpoint.readPage(range.block(), offset - inPage, MemorySegment.ofArray(page));
        bytes.put(range.start() + i, page[(int) inPage]);
      }
    }
    return bytes;
  }
}
