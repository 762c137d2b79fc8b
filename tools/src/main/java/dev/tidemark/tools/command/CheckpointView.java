// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.analysis.ContentSample;
import dev.tidemark.checkpoint.analysis.QemuVersions;
import dev.tidemark.checkpoint.analysis.RamSurvey;
import dev.tidemark.stream.SectionHeader;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.IterableSection;
import dev.tidemark.stream.vmstate.DeviceSections;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// What `inspect` tells about a checkpoint.
///
/// @param file its name, as the user gave it
/// @param fileBytes size of the file
/// @param format kind of file
/// @param configuration the machine
/// @param targetPageSize in bytes
/// @param ram the RAM blocks and their pages by kind
/// @param content what the pages with content are like
/// @param deviceState as stored
/// @param sections the device state cut into sections; absent where it cannot be cut
/// @param manifest what was noted beside it
record CheckpointView(
    String file,
    long fileBytes,
    CheckpointFormat format,
    MachineConfiguration configuration,
    int targetPageSize,
    RamSurvey ram,
    ContentSample content,
    DeviceState deviceState,
    Optional<List<DeviceSection>> sections,
    Optional<Manifest> manifest) {

  static CheckpointView of(Checkpoint checkpoint, Path file) throws IOException {
    RamSurvey ram = RamSurvey.of(checkpoint);
    DeviceState state = checkpoint.deviceState();
    return new CheckpointView(
        file.toString(),
        Files.size(file),
        checkpoint.format(),
        checkpoint.configuration(),
        checkpoint.targetPageSize(),
        ram,
        ContentSample.of(checkpoint, ram, ContentSample.PAGES),
        state,
        sections(state),
        checkpoint.manifest());
  }

  /// All device sections, early ones first.
  private static Optional<List<DeviceSection>> sections(DeviceState state) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write(state.early());
    all.write(state.sections());
    return DeviceSections.split(new DeviceState(all.toByteArray(), state.vmdesc()), 0);
  }

  /// An iterable device other than RAM.
  ///
  /// @param header of its sections
  /// @param sections how many there are
  /// @param bytes of their bodies together
  record Live(SectionHeader header, long sections, long bytes) {}

  List<Live> live() {
    return deviceState.iterable().stream()
        .map(IterableSection::header)
        .distinct()
        .map(
            header -> {
              List<IterableSection> own =
                  deviceState.iterable().stream().filter(s -> s.header().equals(header)).toList();
              return new Live(
                  header, own.size(), own.stream().mapToLong(s -> s.body().length).sum());
            })
        .toList();
  }

  /// Bytes of all device state but vmdesc.
  long deviceStateBytes() {
    return (long) deviceState.early().length
        + deviceState.sections().length
        + live().stream().mapToLong(Live::bytes).sum();
  }

  /// The oldest QEMU that has the machine type, where no manifest says which one it was.
  Optional<String> oldestQemu() {
    return manifest.isPresent()
        ? Optional.empty()
        : QemuVersions.atLeast(configuration.machineType());
  }
}
