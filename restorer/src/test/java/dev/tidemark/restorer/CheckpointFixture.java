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
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// Checkpoints that have everything but content.
public record CheckpointFixture(MachineConfiguration configuration, List<RamBlock> ramBlocks)
    implements Checkpoint {
  /// A PC with one block of RAM and a manifest.
  public static Checkpoint of(
      String machineType, long ram, String qemuVersion, List<String> capabilities) {
    return withCommandLine(
        machineType,
        ram,
        qemuVersion,
        capabilities,
        new Manifest.CommandLine("/none", List.of(), "/", List.of()));
  }

  /// The same with a command line.
  public static Checkpoint withCommandLine(
      String machineType,
      long ram,
      String qemuVersion,
      List<String> capabilities,
      Manifest.CommandLine commandLine) {
    MachineConfiguration configuration =
        new MachineConfiguration(machineType, OptionalInt.empty(), capabilities, Optional.empty());
    Checkpoint plain =
        new CheckpointFixture(configuration, List.of(new RamBlock(0, "pc.ram", ram)));
    return ManifestCheckpoint.of(plain, qemuVersion, commandLine);
  }

  @Override
  public CheckpointFormat format() {
    return CheckpointFormat.ARCHIVE;
  }

  @Override
  public int targetPageSize() {
    return 4096;
  }

  @Override
  public PageKind pageKind(RamBlock block, long pageOffset) {
    throw new UnsupportedOperationException();
  }

  @Override
  public PageKind readPage(RamBlock block, long pageOffset, MemorySegment target) {
    throw new UnsupportedOperationException();
  }

  @Override
  public DeviceState deviceState() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Optional<Manifest> manifest() {
    return Optional.empty();
  }

  @Override
  public CheckpointStream stream() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
