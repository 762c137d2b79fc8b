// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer;

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
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// A checkpoint with a manifest beside it, as an archive has.
record ManifestCheckpoint(Checkpoint checkpoint, Optional<Manifest> manifest)
    implements Checkpoint {
  static ManifestCheckpoint of(
      Checkpoint checkpoint, String qemuVersion, Manifest.CommandLine commandLine) {
    Manifest manifest =
        new Manifest(
            "0",
            Instant.EPOCH,
            "stop-copy",
            qemuVersion,
            "",
            "x86_64",
            checkpoint.configuration().machineType(),
            "running",
            List.of(),
            List.of(),
            Optional.of(commandLine),
            List.of(),
            new Manifest.Timing(Optional.empty(), Duration.ZERO, 0, 0));
    return new ManifestCheckpoint(checkpoint, Optional.of(manifest));
  }

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
    return checkpoint.deviceState();
  }

  @Override
  public CheckpointStream stream() throws IOException {
    return checkpoint.stream();
  }

  @Override
  public void close() throws IOException {
    checkpoint.close();
  }
}
