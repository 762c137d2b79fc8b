// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.elfcore;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.RandomAccessTarget;
import dev.tidemark.checkpoint.memory.GuestMemory;
import dev.tidemark.checkpoint.memory.MemoryMap;
import dev.tidemark.checkpoint.memory.MemoryRange;
import dev.tidemark.checkpoint.memory.RamCopy;
import dev.tidemark.checkpoint.memory.RamCopy.Piece;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// Writes a checkpoint as an ELF core file: what `dump-guest-memory` without paging would have
/// written of the VM, as far as the checkpoint holds it.
///
/// The file is 64-bit ELF. Its first program header is PT_NOTE, with the registers of x86 and
/// AArch64 CPUs; then comes a PT_LOAD for each range of [MemoryMap#dumped], by address, with
/// `p_vaddr` equal to `p_paddr`. Zero pages are holes of the file.
///
/// ```java
/// try (Checkpoint in = Checkpoint.open(file);
///     FileTarget core = FileTarget.create(Path.of("vm.core"), FileTarget.Options.DEFAULT)) {
///   ElfCoreWriter.Result result =
///       ElfCoreWriter.write(in, MemoryMap.of(in), core, ElfCoreWriter.Options.DEFAULT);
///   core.commit();
///   result.warnings().forEach(System.err::println);
/// }
/// ```
public final class ElfCoreWriter {
  private ElfCoreWriter() {}

  /// How to write.
  ///
  /// @param progress told how many bytes of RAM are done
  public record Options(Progress progress) {
    /// No listener.
    public static final Options DEFAULT = new Options(Progress.NONE);
  }

  /// What was written.
  ///
  /// @param bytes size of the file
  /// @param loads how many ranges of memory it has
  /// @param memoryBytes how many bytes of memory they show
  /// @param cpus how many CPUs' registers it has
  /// @param warnings what is not in it, a sentence each; may hold names from the input
  public record Result(long bytes, int loads, long memoryBytes, int cpus, List<String> warnings) {
    /// Copies the list.
    public Result {
      warnings = List.copyOf(warnings);
    }
  }

  /// A range of memory and where it stands in the file.
  private record Load(MemoryRange range, long offset) {}

  /// Writes the file.
  ///
  /// @param in the checkpoint
  /// @param map where its blocks stand
  /// @param out empty; neither made durable nor closed
  /// @param options how
  /// @throws StreamException.Unsupported if no block has a place
  /// @throws IOException if one cannot be read or the other cannot be written
  public static Result write(Checkpoint in, MemoryMap map, RandomAccessTarget out, Options options)
      throws IOException {
    List<MemoryRange> ranges = map.dumped();
    if (ranges.isEmpty()) {
      throw new StreamException.Unsupported(
          "no RAM block has a known guest-physical address", 0, "memory map");
    }
    if (ranges.size() + 1 >= ElfCoreDescriptor.MAX_PROGRAM_HEADERS) {
      throw new StreamException.LimitExceeded(
          ranges.size() + " ranges of memory for an ELF file", 0, "memory map");
    }
    CoreNotes notes = CoreNotes.of(new GuestMemory(in, map));
    int headers =
        ElfCoreDescriptor.SIZE_HEADER + ElfCoreDescriptor.SIZE_PROGRAM_HEADER * (1 + ranges.size());
    List<Load> loads = new ArrayList<>();
    long end = (long) headers + notes.bytes().length;
    long memory = 0;
    for (MemoryRange range : ranges) {
      long offset =
          (end + ElfCoreDescriptor.ALIGNMENT - 1)
              / ElfCoreDescriptor.ALIGNMENT
              * ElfCoreDescriptor.ALIGNMENT;
      loads.add(new Load(range, offset));
      end = offset + range.length();
      memory += range.length();
    }
    ByteBuffer front = ByteBuffer.allocate(headers + notes.bytes().length).order(notes.order());
    header(front, notes, 1 + loads.size());
    programHeader(front, ElfCoreDescriptor.PT_NOTE, headers, 0, notes.bytes().length);
    for (Load load : loads) {
      MemoryRange range = load.range();
      programHeader(front, ElfCoreDescriptor.PT_LOAD, load.offset(), range.start(), range.length());
    }
    front.put(notes.bytes());
    out.write(0, MemorySegment.ofArray(front.array()));
    RamCopy.write(in, pieces(loads), out, options.progress());
    out.grow(end);
    List<String> warnings = new ArrayList<>(notes.warnings());
    warnings.addAll(missing(map));
    return new Result(end, loads.size(), memory, notes.cpus(), warnings);
  }

  private static List<Piece> pieces(List<Load> loads) {
    return loads.stream()
        .map(
            load ->
                new Piece(
                    load.range().block(),
                    load.range().blockOffset(),
                    load.range().length(),
                    load.offset()))
        .toList();
  }

  private static List<String> missing(MemoryMap map) {
    List<String> warnings = new ArrayList<>();
    for (RamBlock block : map.unplaced()) {
      warnings.add(
          "RAM block \"%s\" is missing: its guest-physical address is not known"
              .formatted(block.idstr()));
    }
    for (String region : map.absent()) {
      warnings.add("memory at " + region + " is missing: the checkpoint does not hold it");
    }
    return warnings;
  }

  private static void header(ByteBuffer to, CoreNotes notes, int programHeaders) {
    ByteOrder order = to.order();
    to.order(ByteOrder.BIG_ENDIAN).putInt(ElfCoreDescriptor.MAGIC).order(order);
    to.put(ElfCoreDescriptor.CLASS_64);
    to.put(
        order == ByteOrder.LITTLE_ENDIAN
            ? ElfCoreDescriptor.LITTLE_ENDIAN
            : ElfCoreDescriptor.BIG_ENDIAN);
    to.put(ElfCoreDescriptor.VERSION);
    to.position(16);
    to.putShort(ElfCoreDescriptor.TYPE_CORE).putShort(notes.machine());
    to.putInt(ElfCoreDescriptor.VERSION);
    // No entry point; program headers follow, no section headers.
    to.putLong(0).putLong(ElfCoreDescriptor.SIZE_HEADER).putLong(0);
    to.putInt(0);
    to.putShort((short) ElfCoreDescriptor.SIZE_HEADER);
    to.putShort((short) ElfCoreDescriptor.SIZE_PROGRAM_HEADER);
    to.putShort((short) programHeaders);
    to.putShort((short) 0).putShort((short) 0).putShort((short) 0);
  }

  private static void programHeader(ByteBuffer to, int type, long offset, long address, long size) {
    to.putInt(type).putInt(0);
    to.putLong(offset).putLong(address).putLong(address);
    to.putLong(size).putLong(size).putLong(0);
  }
}
