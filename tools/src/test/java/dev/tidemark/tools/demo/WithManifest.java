// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

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
import java.util.List;
import java.util.Optional;

/// A checkpoint whose file cannot hold a manifest, with one.
record WithManifest(Checkpoint stored, Optional<Manifest> manifest) implements Checkpoint {
  @Override
  public CheckpointFormat format() {
    return stored.format();
  }

  @Override
  public MachineConfiguration configuration() {
    return stored.configuration();
  }

  @Override
  public List<RamBlock> ramBlocks() {
    return stored.ramBlocks();
  }

  @Override
  public int targetPageSize() {
    return stored.targetPageSize();
  }

  @Override
  public PageKind pageKind(RamBlock block, long pageOffset) throws IOException {
    return stored.pageKind(block, pageOffset);
  }

  @Override
  public PageKind readPage(RamBlock block, long pageOffset, MemorySegment target)
      throws IOException {
    return stored.readPage(block, pageOffset, target);
  }

  @Override
  public DeviceState deviceState() throws IOException {
    return stored.deviceState();
  }

  @Override
  public CheckpointStream stream() throws IOException {
    return stored.stream();
  }

  @Override
  public void close() throws IOException {
    stored.close();
  }
}
