// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.analysis;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.vmstate.DeviceVmstate;
import dev.tidemark.stream.vmstate.GlobalState;
import dev.tidemark.stream.vmstate.MachineVmstate;
import dev.tidemark.stream.vmstate.VmstateValue;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// Reads all of a checkpoint: every page, and the device state to its end.
///
/// @param pages the pages, by kind
/// @param pagesRead pages whose content was read
/// @param devices what was found of the device state
public record CheckpointCheck(RamSurvey pages, long pagesRead, Devices devices) {
  /// What was found of the device state.
  ///
  /// @param bytes of all sections
  /// @param hasVmdesc whether there is a vmdesc to check the sections against
  /// @param sections device sections that stand where vmdesc says; 0 without one
  /// @param undecoded of these, how many have a part that vmdesc does not describe
  /// @param restBytes bytes behind them that are no section that vmdesc describes
  /// @param liveSections sections of live devices other than RAM
  /// @param runState that a destination goes to; absent if there is no `globalstate` section, as
  ///     in machine types before 2.4
  public record Devices(
      long bytes,
      boolean hasVmdesc,
      int sections,
      int undecoded,
      long restBytes,
      int liveSections,
      Optional<String> runState) {}

  /// Reads a checkpoint.
  ///
  /// @param checkpoint stays open
  /// @param progress told how many bytes of RAM have been passed
  /// @throws StreamException for whatever is wrong first
  /// @throws IOException if it cannot be read
  public static CheckpointCheck of(Checkpoint checkpoint, Progress progress) throws IOException {
    RamSurvey survey = RamSurvey.of(checkpoint);
    Reader reader = new Reader(survey, progress);
    try (CheckpointStream stream = checkpoint.stream()) {
      stream.forEachPage(reader);
    }
    progress.advanced(survey.bytes(), survey.bytes());
    return new CheckpointCheck(survey, reader.pages, devices(checkpoint.deviceState()));
  }

  /// Looks at the device state of a checkpoint whose pages have been read by other means.
  ///
  /// @param checkpoint stays open
  /// @throws StreamException for whatever is wrong first
  /// @throws IOException if it cannot be read
  public static CheckpointCheck withoutPages(Checkpoint checkpoint) throws IOException {
    return new CheckpointCheck(RamSurvey.of(checkpoint), 0, devices(checkpoint.deviceState()));
  }

  private static Devices devices(DeviceState state) throws StreamException {
    MachineVmstate machine = MachineVmstate.decode(state);
    int undecoded = 0;
    for (DeviceVmstate device : machine.devices()) {
      boolean[] opaque = {device.rest().isPresent()};
      device.forEachField((_, value) -> opaque[0] |= value instanceof VmstateValue.Opaque);
      undecoded += opaque[0] ? 1 : 0;
    }
    boolean hasVmdesc = state.vmdesc().isPresent();
    return new Devices(
        (long) state.early().length
            + state.sections().length
            + state.iterable().stream().mapToLong(s -> s.body().length).sum(),
        hasVmdesc,
        machine.devices().size(),
        undecoded,
        hasVmdesc ? machine.rest().map(VmstateValue::size).orElse(0) : 0,
        state.iterable().size(),
        GlobalState.runState(state.sections()));
  }

  /// Counts: a page that is handed over has been read.
  private static final class Reader implements PageVisitor {
    private static final int TELL_EVERY = 1 << 14;

    private final long[] starts;
    private final long total;
    private final Progress progress;
    private long pages;

    Reader(RamSurvey survey, Progress progress) {
      this.progress = progress;
      this.total = survey.bytes();
      this.starts = new long[survey.blocks().size()];
      for (int i = 1; i < starts.length; i++) {
        starts[i] = starts[i - 1] + survey.blocks().get(i - 1).block().usedLength();
      }
    }

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      pages++;
      if (pages % TELL_EVERY == 0) {
        progress.advanced(starts[block.index()] + pageOffset, total);
      }
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {}
  }
}
