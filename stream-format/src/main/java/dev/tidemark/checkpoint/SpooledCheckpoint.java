// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// A checkpoint whose pages are in a spool.
final class SpooledCheckpoint implements Checkpoint {
  private final PageSpool spool;
  private final CheckpointFormat format;
  private final MachineConfiguration configuration;
  private final DeviceState devices;
  private final boolean footers;

  SpooledCheckpoint(
      PageSpool spool,
      CheckpointFormat format,
      MachineConfiguration configuration,
      DeviceState devices,
      boolean footers) {
    this.spool = spool;
    this.format = format;
    this.configuration = configuration;
    this.devices = devices;
    this.footers = footers;
  }

  @Override
  public CheckpointFormat format() {
    return format;
  }

  @Override
  public MachineConfiguration configuration() {
    return configuration;
  }

  @Override
  public List<RamBlock> ramBlocks() {
    return spool.ramBlocks();
  }

  @Override
  public int targetPageSize() {
    return spool.targetPageSize();
  }

  @Override
  public PageKind pageKind(RamBlock block, long pageOffset) {
    return spool.pageKind(block, pageOffset);
  }

  @Override
  public PageKind readPage(RamBlock block, long pageOffset, MemorySegment target)
      throws IOException {
    return spool.readPage(block, pageOffset, target);
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
  public void close() throws IOException {
    spool.close();
  }

  private final class Pass implements CheckpointStream {
    private boolean visited;

    @Override
    public MachineConfiguration configuration() {
      return configuration;
    }

    @Override
    public List<RamBlock> ramBlocks() {
      return spool.ramBlocks();
    }

    @Override
    public int targetPageSize() {
      return spool.targetPageSize();
    }

    @Override
    public boolean eachPageOnce() {
      return true;
    }

    @Override
    public boolean footers() {
      return footers;
    }

    @Override
    public byte[] earlySections() {
      return devices.early();
    }

    @Override
    public void forEachPage(PageVisitor visitor) throws IOException {
      if (visited) {
        throw new IllegalStateException("the pages have been visited");
      }
      visited = true;
      spool.forEach(visitor);
    }

    @Override
    public DeviceState deviceState() {
      return devices;
    }

    @Override
    public void close() {
      // The checkpoint's owner closes it.
    }
  }
}
