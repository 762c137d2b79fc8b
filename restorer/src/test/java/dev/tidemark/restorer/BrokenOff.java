// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// A checkpoint that turns out damaged behind its pages.
record BrokenOff(Checkpoint checkpoint, StreamException damage) implements Checkpoint {
  @Override
  public CheckpointFormat format() {
    return checkpoint.format();
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
  public PageKind pageKind(RamBlock block, long pageOffset) throws IOException {
    return checkpoint.pageKind(block, pageOffset);
  }

  @Override
  public PageKind readPage(RamBlock block, long pageOffset, MemorySegment target)
      throws IOException {
    return checkpoint.readPage(block, pageOffset, target);
  }

  @Override
  public DeviceState deviceState() throws IOException {
    throw damage;
  }

  @Override
  public Optional<Manifest> manifest() {
    return checkpoint.manifest();
  }

  @Override
  public CheckpointStream stream() throws IOException {
    return new Stream(checkpoint.stream(), damage);
  }

  @Override
  public void close() {}

  private record Stream(CheckpointStream whole, StreamException damage)
      implements CheckpointStream {
    @Override
    public MachineConfiguration configuration() {
      return whole.configuration();
    }

    @Override
    public List<RamBlock> ramBlocks() {
      return whole.ramBlocks();
    }

    @Override
    public boolean footers() {
      return whole.footers();
    }

    @Override
    public byte[] earlySections() throws IOException {
      return whole.earlySections();
    }

    @Override
    public int targetPageSize() {
      return whole.targetPageSize();
    }

    @Override
    public boolean eachPageOnce() {
      return whole.eachPageOnce();
    }

    @Override
    public void forEachPage(PageVisitor visitor) throws IOException {
      whole.forEachPage(visitor);
    }

    @Override
    public DeviceState deviceState() throws IOException {
      throw damage;
    }

    @Override
    public void close() throws IOException {
      whole.close();
    }
  }
}
