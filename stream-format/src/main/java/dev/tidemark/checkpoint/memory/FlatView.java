// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.memory;

import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.RamBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The RAM in what `info mtree -f` prints of the address space `memory`.
///
/// ```
/// FlatView #2
///  AS "memory", root: system
///  AS "cpu-memory-0", root: system
///  Root memory region: system
///   0000000000000000-000000000009ffff (prio 0, ram): pc.ram
///   00000000000a0000-00000000000bffff (prio 1, i/o): vga-lowmem
///   00000000000c0000-00000000000c9fff (prio 0, rom): pc.ram @00000000000c0000
/// ```
///
/// Ends are inclusive. Behind the name stands its offset in the region if it is not 0, and behind
/// that what accelerators say, such as ` KVM`.
///
/// Format: `mtree_print_flatview` in `system/memory.c`, QEMU 10.0.2.
///
/// @param ranges in the order of the lines
/// @param absent RAM that is in no block, each as address and name
record FlatView(List<MemoryRange> ranges, List<String> absent) {
  private static final String CONTEXT = "memory map";
  private static final String SYSTEM_MEMORY = " AS \"memory\"";

  private static final Pattern RANGE =
      Pattern.compile(
          "  ([0-9a-f]{1,16})-([0-9a-f]{1,16}) \\(prio -?\\d{1,10}, (nv-)?(ram|rom|romd|ramd)\\): (.{1,400})");
  private static final Pattern OFFSET = Pattern.compile(" @([0-9a-f]{16})(?= |$)");
  private static final Pattern OTHER =
      Pattern.compile("  [0-9a-f]{1,16}-[0-9a-f]{1,16} \\(prio -?\\d{1,10}, (nv-)?i/o\\): .*");

  static FlatView parse(List<String> lines, List<RamBlock> blocks) throws StreamException {
    FlatView view = new FlatView(new ArrayList<>(), new ArrayList<>());
    BlockNames names = new BlockNames(blocks);
    boolean found = false;
    boolean inside = false;
    long at = 0;
    for (String line : lines) {
      if (line.startsWith("FlatView #")) {
        inside = false;
      } else if (line.startsWith(SYSTEM_MEMORY)) {
        if (found) {
          throw new StreamException.Malformed("address space \"memory\" twice", at, CONTEXT);
        }
        found = true;
        inside = true;
      } else if (inside && line.startsWith("  ")) {
        view.take(line.stripTrailing(), at, names);
      }
      at += line.length() + 1L;
    }
    if (!found) {
      throw new StreamException.Malformed("no address space \"memory\"", 0, CONTEXT);
    }
    return view;
  }

  private void take(String line, long at, BlockNames names) throws StreamException {
    Matcher match = RANGE.matcher(line);
    if (!match.matches()) {
      if (OTHER.matcher(line).matches() || line.startsWith("  No rendered")) {
        return;
      }
      throw new StreamException.Malformed("no line of a flat view", at, CONTEXT);
    }
    if (ranges.size() + absent.size() == MemoryMap.MAX_RANGES) {
      throw new StreamException.LimitExceeded(
          "more than " + MemoryMap.MAX_RANGES + " ranges", at, CONTEXT);
    }
    if (match.group(4).equals("ramd")) {
      // Memory of a host's device; it does not migrate.
      return;
    }
    long start = Long.parseUnsignedLong(match.group(1), 16);
    long last = Long.parseUnsignedLong(match.group(2), 16);
    if (start < 0 || last < start || last == Long.MAX_VALUE) {
      throw new StreamException.Malformed(
          "range that ends before it begins, or above 2^63", at, CONTEXT);
    }
    Place place = place(match.group(5), names);
    if (place.block().isEmpty()) {
      absent.add("0x%x %s".formatted(start, place.name()));
      return;
    }
    RamBlock block = place.block().get();
    long length = last - start + 1;
    if (place.offset() < 0 || length > block.usedLength() - place.offset()) {
      throw new StreamException.Malformed(
          "range outside RAM block \"" + block.idstr() + "\"", at, CONTEXT);
    }
    MemoryKind kind = kind(match.group(4), match.group(3) != null);
    ranges.add(new MemoryRange(start, length, block, place.offset(), kind));
  }

  private static MemoryKind kind(String word, boolean nonVolatile) {
    if (nonVolatile) {
      return MemoryKind.NON_VOLATILE;
    }
    return switch (word) {
      case "rom" -> MemoryKind.ROM;
      case "romd" -> MemoryKind.ROM_DEVICE;
      default -> MemoryKind.RAM;
    };
  }

  /// What a line says behind the colon.
  private record Place(String name, long offset, Optional<RamBlock> block) {}

  private static Place place(String text, BlockNames names) {
    String name = text;
    long offset = 0;
    Matcher match = OFFSET.matcher(text);
    if (match.find()) {
      name = text.substring(0, match.start());
      offset = Long.parseUnsignedLong(match.group(1), 16);
    }
    Optional<RamBlock> block = names.find(name);
    // Without an offset the words of accelerators stand right behind the name.
    for (int space = name.lastIndexOf(' ');
        block.isEmpty() && space > 0;
        space = name.lastIndexOf(' ', space - 1)) {
      block = names.find(name.substring(0, space));
    }
    return new Place(name, offset, block);
  }
}
