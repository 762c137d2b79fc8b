// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointTarget;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.RandomAccessTarget;
import dev.tidemark.checkpoint.memory.GuestMemory;
import dev.tidemark.checkpoint.memory.MemoryMap;
import dev.tidemark.checkpoint.raw.RawFiles;
import dev.tidemark.checkpoint.raw.RawWriter;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.vmstate.DeviceSections;
import dev.tidemark.tools.report.UsageException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/// Takes bytes out of a checkpoint.
///
/// @param checkpoint where from
/// @param progress told how many bytes are done
record Extraction(Checkpoint checkpoint, Progress progress) {
  private static final long PIECE = 1 << 20;
  private static final int MOST_NAMES = 12;

  /// Writes a RAM block front to back.
  void block(String name, CheckpointTarget out) throws IOException, UsageException {
    RamBlock block = find(name);
    int pageSize = checkpoint.targetPageSize();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(pageSize);
      for (long at = 0; at < block.usedLength(); at += pageSize) {
        checkpoint.readPage(block, at, page);
        out.append(page);
        progress.advanced(at + pageSize, block.usedLength());
      }
    }
  }

  /// Writes a RAM block; zero pages become holes.
  void sparseBlock(String name, RandomAccessTarget out) throws IOException, UsageException {
    RawWriter.block(checkpoint, find(name), out, progress);
  }

  /// Writes every RAM block to a file of its own.
  ///
  /// @param folder is made, if it is not there
  /// @return bytes of all of them
  long blocks(Path folder, FileTarget.Options options) throws IOException {
    Targets.makeFolder(folder);
    long bytes = 0;
    for (RamBlock block : checkpoint.ramBlocks()) {
      try (FileTarget target = FileTarget.create(folder.resolve(RawFiles.nameOf(block)), options)) {
        bytes += RawWriter.block(checkpoint, block, target, progress);
        target.commit();
      }
    }
    return bytes;
  }

  /// Writes a range of guest-physical memory.
  void physical(MemoryMap map, long start, long length, CheckpointTarget out)
      throws IOException, UsageException {
    GuestMemory memory = new GuestMemory(checkpoint, map);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment piece = arena.allocate(Math.min(length, PIECE));
      for (long done = 0; done < length; ) {
        MemorySegment part = piece.asSlice(0, Math.min(length - done, PIECE));
        long got = memory.read(start + done, part);
        if (got < part.byteSize()) {
          throw new UsageException(
              "no RAM at 0x" + Long.toHexString(start + done + got) + " of the guest's memory");
        }
        out.append(part);
        done += got;
        progress.advanced(done, length);
      }
    }
  }

  /// Writes the body of a device section, as it stands in the stream.
  void device(String name, CheckpointTarget out) throws IOException, UsageException {
    List<DeviceSection> sections =
        DeviceSections.split(checkpoint.deviceState(), 0)
            .orElseThrow(
                () ->
                    new UsageException(
                        "--device: without vmdesc the device sections cannot be told apart"));
    for (DeviceSection section : sections) {
      String full =
          section.header().idstr() + "/" + Integer.toUnsignedString(section.header().instanceId());
      if (name.equals(full) || (name + "/0").equals(full)) {
        out.append(MemorySegment.ofArray(section.body()));
        return;
      }
    }
    throw new UsageException(
        "--device: no device section '" + name + "'; 'tidemark inspect' lists them");
  }

  private RamBlock find(String name) throws UsageException {
    return checkpoint.ramBlocks().stream()
        .filter(block -> block.idstr().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    "--block: no RAM block '"
                        + name
                        + "'; there is: "
                        + checkpoint.ramBlocks().stream()
                            .limit(MOST_NAMES)
                            .map(RamBlock::idstr)
                            .collect(Collectors.joining(", "))));
  }
}
