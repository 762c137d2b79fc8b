// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.stream;

import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.stream.SectionHeader;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.IterableSection;
import dev.tidemark.stream.StreamElement.RamSection.Phase;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamWriter;
import dev.tidemark.stream.vmstate.GlobalState;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// What stands around the pages in a stream that is made of a checkpoint for a destination QEMU:
/// header, configuration and early device sections before them; sections of other iterable devices,
/// RAM END, device sections, EOF and vmdesc behind. No commands. Footers and configuration where
/// the source has them.
///
/// The methods are called in their order, each once; between [#beforePages] and [#behindPages] the
/// caller writes RAM START and what follows of RAM. Used by one thread.
public final class DestinationStream {
  private static final String MAPPED_RAM = "mapped-ram";

  /// The section id of RAM in what is written. Not 0, which QEMU's loader takes for any section not
  /// met yet, and above what QEMU's counter of section ids reaches, so that it is no device's.
  public static final int RAM_SECTION_ID = 1 << 16;

  private final CheckpointStream in;
  private final StreamWriter out;
  private final SectionHeader ram = SectionHeader.ram(RAM_SECTION_ID);
  private boolean footers;
  private byte[] early = {};

  /// A stream of which nothing is written yet.
  ///
  /// @param in what it is made of
  /// @param out takes it; set to the checkpoint's target page size
  public DestinationStream(CheckpointStream in, StreamWriter out) {
    this.in = in;
    this.out = out.targetPageSize(in.targetPageSize());
  }

  /// The header of the RAM sections.
  public SectionHeader ram() {
    return ram;
  }

  /// Writes header and configuration.
  ///
  /// @param mappedRam whether the capability `mapped-ram` is on
  /// @throws StreamException.Unsupported if a part of RAM is not in the checkpoint, or `mapped-ram`
  ///     is to be on in a stream without configuration section
  /// @throws IOException if the stream cannot be written
  public void begin(boolean mappedRam) throws IOException {
    MachineConfiguration machine = in.configuration().forDestination();
    if (mappedRam && machine.machineType().isEmpty()) {
      throw new StreamException.Unsupported(
          "no configuration section, which mapped-ram needs", 0, "configuration");
    }
    List<String> others = machine.capabilities();
    out.with(new StreamElement.FileHeader());
    if (!machine.machineType().isEmpty()) {
      out.with(
          StreamElement.Configuration.of(
              new MachineConfiguration(
                  machine.machineType(),
                  machine.targetPageBits(),
                  mappedRam
                      ? Stream.concat(others.stream(), Stream.of(MAPPED_RAM)).toList()
                      : others,
                  machine.uuid())));
    }
  }

  /// Writes the early device sections. Called when the first page is visited, or there is none:
  /// only
  /// then the source knows them all.
  ///
  /// @throws IOException if the source cannot be read or the stream cannot be written
  public void beforePages() throws IOException {
    footers = in.footers();
    out.footers(footers);
    early = in.earlySections();
    out.raw(MemorySegment.ofArray(early));
  }

  /// Writes what follows RAM's pages, RAM END included.
  ///
  /// @param runState the run state to put into `globalstate`; absent leaves it as it is
  /// @throws IOException if the source cannot be read or the stream cannot be written
  public void behindPages(Optional<String> runState) throws IOException {
    DeviceState devices = in.deviceState();
    if (footers != in.footers() || !Arrays.equals(early, devices.early())) {
      throw new StreamException.Unsupported(
          "what stands before the pages is known only behind them", 0, "checkpoint");
    }
    for (IterableSection section : devices.iterable()) {
      out.with(section);
    }
    out.footers(footers);
    out.beginRam(Phase.END, ram, List.of()).end();
    byte[] sections =
        runState
            .map(state -> GlobalState.withRunState(devices.sections(), state))
            .orElse(devices.sections());
    out.raw(MemorySegment.ofArray(sections));
    out.with(new StreamElement.EndOfFile(0));
    if (devices.vmdesc().isPresent()) {
      out.with(new StreamElement.VmDescription(0, devices.vmdesc().get()));
    }
    out.flush();
  }
}
