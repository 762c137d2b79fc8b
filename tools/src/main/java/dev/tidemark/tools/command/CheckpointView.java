// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.stream.SectionHeader;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.IterableSection;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.vmstate.DeviceSections;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What `inspect` tells about a checkpoint.
///
/// @param file its name, as the user gave it
/// @param fileBytes size of the file
/// @param format kind of file
/// @param configuration the machine
/// @param targetPageSize in bytes
/// @param blocks the RAM blocks and their pages
/// @param deviceState as stored
/// @param sections the device state cut into sections; absent where it cannot be cut
/// @param manifest what was noted beside it
record CheckpointView(
    String file,
    long fileBytes,
    CheckpointFormat format,
    MachineConfiguration configuration,
    int targetPageSize,
    List<Pages> blocks,
    DeviceState deviceState,
    Optional<List<DeviceSection>> sections,
    Optional<Manifest> manifest) {

  /// The pages of a RAM block.
  ///
  /// @param block the block
  /// @param counts how many there are of each kind
  /// @param runs neighbours of the same kind, in address order; empty if not asked for
  record Pages(RamBlock block, Map<PageKind, Long> counts, List<Run> runs) {
    long count(PageKind kind) {
      return counts.getOrDefault(kind, 0L);
    }

    long total() {
      return counts.values().stream().mapToLong(Long::longValue).sum();
    }
  }

  /// Neighbouring pages of one kind.
  ///
  /// @param start offset of the first byte inside the block
  /// @param length in bytes
  /// @param kind what is held for them
  record Run(long start, long length, PageKind kind) {}

  static CheckpointView of(Checkpoint checkpoint, Path file, boolean withRuns) throws IOException {
    List<Pages> blocks = new ArrayList<>();
    for (RamBlock block : checkpoint.ramBlocks()) {
      blocks.add(pages(checkpoint, block, withRuns));
    }
    DeviceState state = checkpoint.deviceState();
    return new CheckpointView(
        file.toString(),
        Files.size(file),
        checkpoint.format(),
        checkpoint.configuration(),
        checkpoint.targetPageSize(),
        blocks,
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

  private static Pages pages(Checkpoint checkpoint, RamBlock block, boolean withRuns)
      throws IOException {
    Map<PageKind, Long> counts = new EnumMap<>(PageKind.class);
    List<Run> runs = new ArrayList<>();
    int pageSize = checkpoint.targetPageSize();
    long start = 0;
    while (start < block.usedLength()) {
      PageKind kind = checkpoint.pageKind(block, start);
      long end = start + pageSize;
      while (end < block.usedLength() && checkpoint.pageKind(block, end) == kind) {
        end += pageSize;
      }
      counts.merge(kind, (end - start) / pageSize, Long::sum);
      if (withRuns) {
        runs.add(new Run(start, end - start, kind));
      }
      start = end;
    }
    return new Pages(block, counts, runs);
  }

  long ramBytes() {
    return blocks.stream().mapToLong(pages -> pages.block().usedLength()).sum();
  }

  long pages(PageKind kind) {
    return blocks.stream().mapToLong(pages -> pages.count(kind)).sum();
  }

  long pages() {
    return blocks.stream().mapToLong(Pages::total).sum();
  }
}
