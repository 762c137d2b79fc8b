// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.mappedram;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamElement.Configuration;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamElement.EndOfFile;
import dev.tidemark.stream.StreamElement.FileHeader;
import dev.tidemark.stream.StreamElement.IterableSection;
import dev.tidemark.stream.StreamElement.PackagedStream;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamElement.VmDescription;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamReader;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.ram.MappedRam;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.util.List;
import java.util.Optional;

/// A mapped-ram file, read but for its bitmaps and pages.
///
/// @param source the file
/// @param start where the stream starts in it
/// @param configuration of the machine
/// @param entries the RAM blocks with their places
/// @param pageSize target page size
/// @param footers whether sections have footers
/// @param devices everything that is no RAM
/// @param devicesOffset stream offset of the device sections
/// @param ramOffset stream offset of RAM START
/// @param ramEnded whether there is a RAM END
record MappedRamFile(
    ByteSource source,
    long start,
    MachineConfiguration configuration,
    List<RamBlockEntry> entries,
    int pageSize,
    boolean footers,
    DeviceState devices,
    long devicesOffset,
    long ramOffset,
    boolean ramEnded) {
  private static final String CONTEXT = "checkpoint";

  /// Enough bytes for any configuration section.
  private static final int BEGINNING = 128 << 10;

  /// Bytes before the first record, and the type of the one that is a configuration section.
  private static final int HEADER = 8;

  private static final byte CONFIGURATION = 7;

  /// See [MappedRamCheckpoint#isMappedRam].
  static boolean isMappedRam(ByteSource source, long start) throws IOException {
    byte[] bytes = new byte[BEGINNING];
    int length = source.read(start, MemorySegment.ofArray(bytes));
    if (length <= HEADER || bytes[HEADER] != CONFIGURATION) {
      return false;
    }
    ByteArrayInputStream beginning = new ByteArrayInputStream(bytes, 0, length);
    MigrationStream settings = MigrationStream.of(TargetPageSize.detect()).withWindow(BEGINNING);
    try (StreamReader reader = settings.read(Channels.newChannel(beginning))) {
      reader.next();
      reader.next();
      return reader.configuration().capabilities().contains("mapped-ram");
    } catch (StreamException e) {
      return false;
    }
  }

  // The reader is not closed: that would close the source, which is the caller's.
  @SuppressWarnings("resource")
  static MappedRamFile read(MigrationStream settings, ByteSource source, long start)
      throws IOException {
    StreamReader reader = settings.withDeviceTail().read(source, start);
    DeviceState.Builder state = new DeviceState.Builder();
    List<RamBlockEntry> entries = List.of();
    byte[] sections = {};
    Optional<String> vmdesc = Optional.empty();
    long devicesOffset = -1;
    long ramOffset = 0;
    boolean ramEnded = false;
    for (StreamElement e = reader.next(); e != null; e = reader.next()) {
      switch (e) {
        case FileHeader _, Configuration _, Command _ -> {}
        case RamSection section -> {
          if (section.phase() == RamSection.Phase.START) {
            entries = section.blockList();
            ramOffset = section.streamOffset();
            checkMapped(entries, ramOffset);
          }
          ramEnded |= section.phase() == RamSection.Phase.END;
        }
        case DeviceSection early -> state.early(early);
        case IterableSection section -> state.iterable(section);
        case PackagedStream p ->
            throw new StreamException.Unsupported(
                "mapped-ram together with postcopy", p.streamOffset(), CONTEXT);
        case DeviceStateTail tail -> {
          DeviceState behind = tail.deviceState();
          sections = behind.sections();
          vmdesc = behind.vmdesc();
          devicesOffset = tail.streamOffset();
        }
        case EndOfFile eof -> devicesOffset = eof.streamOffset();
        case VmDescription description -> vmdesc = Optional.of(description.json());
      }
    }
    if (entries.isEmpty() || devicesOffset < 0) {
      throw new StreamException.Unsupported("stream without RAM", reader.streamOffset(), CONTEXT);
    }
    return new MappedRamFile(
        source,
        start,
        reader.configuration(),
        entries,
        reader.targetPageSize(),
        reader.footers(),
        state.build(sections, vmdesc),
        devicesOffset,
        ramOffset,
        ramEnded);
  }

  private static void checkMapped(List<RamBlockEntry> entries, long at) throws StreamException {
    if (entries.stream().anyMatch(entry -> entry.mappedRam().isEmpty())) {
      throw new StreamException.Unsupported("stream without mapped-ram", at, CONTEXT);
    }
  }

  List<RamBlock> blocks() {
    return entries.stream().map(RamBlockEntry::block).toList();
  }

  MappedRam place(int block) {
    return entries.get(block).mappedRam().orElseThrow();
  }

  /// Reads all of a segment.
  ///
  /// @param position file offset
  void read(long position, MemorySegment target, String context) throws IOException {
    int got = source.read(position, target);
    if (got < target.byteSize()) {
      throw new StreamException.Truncated("the stream ends", position + got - start, context);
    }
  }
}
