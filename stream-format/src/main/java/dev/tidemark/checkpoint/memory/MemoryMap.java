// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.memory;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.RamBlock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The guest's physical address space as far as RAM blocks stand in it. Immutable.
///
/// Ranges are in address order and do not overlap; a part of a block may stand at several
/// addresses, as BIOS does. Everything else is devices, or nothing.
public final class MemoryMap {
  /// Most ranges: so many program headers an ELF file can have without an extension. A map of real
  /// QEMU has a few dozen.
  public static final int MAX_RANGES = 0xfff0;

  private static final String CONTEXT = "memory map";

  private final List<MemoryRange> ranges;
  private final List<RamBlock> unplaced;
  private final List<String> absent;

  private MemoryMap(List<MemoryRange> ranges, List<RamBlock> unplaced, List<String> absent) {
    this.ranges = List.copyOf(ranges);
    this.unplaced = List.copyOf(unplaced);
    this.absent = List.copyOf(absent);
  }

  /// The map of a checkpoint: from its manifest if that has one, else by the rules of its machine
  /// type.
  ///
  /// @param checkpoint open
  /// @throws StreamException if the manifest's map is damaged
  public static MemoryMap of(Checkpoint checkpoint) throws StreamException {
    List<String> lines = checkpoint.manifest().map(Manifest::memoryMap).orElse(List.of());
    return lines.isEmpty()
        ? ofMachine(checkpoint.configuration().machineType(), checkpoint.ramBlocks())
        : ofMtree(lines, checkpoint.ramBlocks());
  }

  /// The map that the monitor command `info mtree -f` showed.
  ///
  /// Regions have the names of their RAM blocks but for a device's path. What shows RAM of no
  /// block, or of one of several blocks that have the name, is in [#absent].
  ///
  /// @param lines all that the command printed
  /// @param blocks the checkpoint's, in block-list order
  /// @throws StreamException if they hold no system memory, or are not of their form; offsets are
  ///     those in the lines, each with a line feed
  public static MemoryMap ofMtree(List<String> lines, List<RamBlock> blocks)
      throws StreamException {
    FlatView view = FlatView.parse(lines, blocks);
    return of(view.ranges(), blocks, view.absent());
  }

  /// The map that a machine type's rules give.
  ///
  /// Known are `pc` (since 1.0), `q35`, `isapc`, `microvm`; `virt` of Arm, RISC-V and LoongArch,
  /// `sbsa-ref`, `pseries`, `s390-ccw-virtio`; with the machine's own RAM, with one memory backend
  /// in its place, or with the backends `ram-node0` and so on that libvirt makes. Not known is what
  /// a guest can change: where PCI devices' memory stands, and whether 0xA0000 to 0xBFFFF is RAM or
  /// VGA, so that it is left out; nor DIMMs, and RAM that goes beyond 960 GiB, where the place
  /// depends on the CPU. `max-ram-below-4g` is taken to be at its default.
  ///
  /// @param machineType such as `pc-i440fx-10.0`; empty if that is not known
  /// @param blocks the checkpoint's, in block-list order
  /// @return the map; one without any range if the machine type is not known
  public static MemoryMap ofMachine(String machineType, List<RamBlock> blocks) {
    return sorted(new MachineRules(machineType, blocks).ranges(), blocks, List.of());
  }

  /// The map that a user gives: a line `START BLOCK [OFFSET [LENGTH]]` for each range.
  ///
  /// Numbers are decimal, or hexadecimal with `0x`; `OFFSET` is the place inside the block, 0 if it
  /// is left out, and `LENGTH` the rest of the block. Empty lines, and what stands behind a `#` at
  /// the beginning of a word, are comments. A space in a block's name is written `%20`, and any
  /// other character can be written so.
  ///
  /// @param lines the text
  /// @param blocks the checkpoint's, in block-list order
  /// @throws StreamException if the lines are not of that form, or ranges overlap; offsets are
  ///     those in the lines, each with a line feed
  public static MemoryMap parse(List<String> lines, List<RamBlock> blocks) throws StreamException {
    return of(MapText.parse(lines, blocks), blocks, List.of());
  }

  private static MemoryMap of(List<MemoryRange> ranges, List<RamBlock> blocks, List<String> absent)
      throws StreamException {
    MemoryMap map = sorted(ranges, blocks, absent);
    long total = blocks.stream().mapToLong(RamBlock::usedLength).reduce(0, MemoryMap::saturated);
    long placed = 0;
    for (int i = 0; i < map.ranges.size(); i++) {
      MemoryRange range = map.ranges.get(i);
      if (i > 0 && map.ranges.get(i - 1).end() > range.start()) {
        throw new StreamException.Malformed(
            "ranges that overlap at 0x" + Long.toHexString(range.start()), 0, CONTEXT);
      }
      placed = saturated(placed, range.length());
    }
    // A map of real QEMU shows some firmware twice.
    if (placed / 2 > total) {
      throw new StreamException.LimitExceeded("ranges that show RAM more than twice", 0, CONTEXT);
    }
    return map;
  }

  private static long saturated(long a, long b) {
    return a > Long.MAX_VALUE - b ? Long.MAX_VALUE : a + b;
  }

  private static MemoryMap sorted(
      List<MemoryRange> ranges, List<RamBlock> blocks, List<String> absent) {
    Set<RamBlock> placed = new HashSet<>();
    ranges.forEach(range -> placed.add(range.block()));
    return new MemoryMap(
        ranges.stream().sorted(Comparator.comparingLong(MemoryRange::start)).toList(),
        blocks.stream().filter(block -> !placed.contains(block)).toList(),
        absent);
  }

  /// The ranges in address order.
  public List<MemoryRange> ranges() {
    return ranges;
  }

  /// The blocks of which no part has a place, in block-list order: for a warning.
  public List<RamBlock> unplaced() {
    return unplaced;
  }

  /// RAM of the machine that is in no block that is known, each as its address and the region's
  /// name: for a warning. Names come from the input.
  public List<String> absent() {
    return absent;
  }

  /// The range that an address is in.
  ///
  /// @param physical guest-physical address
  public Optional<MemoryRange> at(long physical) {
    int index = indexBehind(physical) - 1;
    return index >= 0 && ranges.get(index).end() > physical
        ? Optional.of(ranges.get(index))
        : Optional.empty();
  }

  /// How many ranges begin at an address or below it.
  private int indexBehind(long physical) {
    int low = 0;
    int high = ranges.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (ranges.get(middle).start() <= physical) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /// The ranges that `dump-guest-memory` writes, neighbours that go on in the same block made one.
  ///
  /// Format: `guest_phys_block_add_section` in `system/memory_mapping.c`, QEMU 10.0.2.
  public List<MemoryRange> dumped() {
    List<MemoryRange> merged = new ArrayList<>();
    for (MemoryRange range : ranges) {
      if (!range.kind().isDumped()) {
        continue;
      }
      if (!merged.isEmpty() && merged.getLast().continuesIn(range)) {
        MemoryRange last = merged.removeLast();
        merged.add(
            new MemoryRange(
                last.start(),
                last.length() + range.length(),
                last.block(),
                last.blockOffset(),
                last.kind()));
      } else {
        merged.add(range);
      }
    }
    return List.copyOf(merged);
  }

  /// The map as text that [#parse] takes.
  public List<String> lines() {
    return ranges.stream().map(MapText::line).toList();
  }
}
