// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.qcow2;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.OpenOptions;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// The VM's state of an internal snapshot of a qcow2 image.
///
/// What is wrong with the image is told by its offset in the image; what is wrong with the
/// migration
/// stream in it, by its offset in that stream.
public final class Qcow2Checkpoint implements Checkpoint {
  private final ByteSource source;
  private final Qcow2Snapshot snapshot;
  private final StreamCheckpoint state;

  private Qcow2Checkpoint(ByteSource source, Qcow2Snapshot snapshot, StreamCheckpoint state) {
    this.source = source;
    this.snapshot = snapshot;
    this.state = state;
  }

  /// Opens a snapshot of an image.
  ///
  /// @param source the image's bytes; closed with the result, left open if this throws
  /// @param options which snapshot, and where to keep pages that cannot be read where they are
  /// @throws dev.tidemark.stream.StreamException if there is no such snapshot, or image or stream
  ///     are damaged
  /// @throws IOException if the source cannot be read
  public static Qcow2Checkpoint open(ByteSource source, OpenOptions options) throws IOException {
    Qcow2Image image = Qcow2Image.open(source);
    Qcow2Snapshot snapshot = image.snapshot(options.snapshot());
    StreamCheckpoint state =
        StreamCheckpoint.open(
            MigrationStream.of(TargetPageSize.detect()), image.vmState(snapshot), 0, options);
    return new Qcow2Checkpoint(source, snapshot, state);
  }

  /// The snapshot that this is.
  public Qcow2Snapshot snapshot() {
    return snapshot;
  }

  @Override
  public CheckpointFormat format() {
    return CheckpointFormat.QCOW2;
  }

  @Override
  public MachineConfiguration configuration() {
    return state.configuration();
  }

  @Override
  public List<RamBlock> ramBlocks() {
    return state.ramBlocks();
  }

  @Override
  public int targetPageSize() {
    return state.targetPageSize();
  }

  @Override
  public PageKind pageKind(RamBlock block, long pageOffset) {
    return state.pageKind(block, pageOffset);
  }

  @Override
  public PageKind readPage(RamBlock block, long pageOffset, MemorySegment target)
      throws IOException {
    return state.readPage(block, pageOffset, target);
  }

  @Override
  public DeviceState deviceState() {
    return state.deviceState();
  }

  /// Absent: an image notes nothing of the machine.
  @Override
  public Optional<Manifest> manifest() {
    return Optional.empty();
  }

  @Override
  public CheckpointStream stream() {
    return state.stream();
  }

  @Override
  public void close() throws IOException {
    try (source) {
      state.close();
    }
  }
}
