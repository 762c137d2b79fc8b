// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.memory;

import dev.tidemark.stream.ram.RamBlock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// Where machine types put their RAM.
///
/// Format: `pc_init1` in `hw/i386/pc_piix.c`, `pc_q35_init` in `hw/i386/pc_q35.c`,
/// `pc_memory_init` in `hw/i386/pc.c`, `microvm_memory_init` in `hw/i386/microvm.c`; the tables of
/// addresses in `hw/arm/virt.c`, `hw/arm/sbsa-ref.c`, `hw/riscv/virt.c`,
/// `include/hw/loongarch/virt.h`; QEMU 10.0.2.
final class MachineRules {
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;
  private static final long FOUR_GIB = 4 * GIB;

  /// Above this a part of RAM may stand at 1 TiB, by the CPU's vendor and the PCI windows.
  private static final long KNOWN_END = 960 * GIB;

  /// What the widest physical addresses reach.
  private static final long MAX_RAM = 1L << 52;

  private static final long VGA = 0xa_0000;
  private static final long OPTION_ROMS = 0xc_0000;
  private static final long ISA_BIOS = 0xe_0000;
  private static final long MAX_FIRMWARE = 16 * MIB;

  /// Machine types of QEMU before 2.0, whose RAM does not end at whole GiB.
  private static final Pattern BEFORE_2_0 = Pattern.compile("pc(-i440fx|-q35)?-[01]\\..*");

  private static final Pattern PC = Pattern.compile("pc|pc-i440fx-.*|pc-[01]\\..*");
  private static final Pattern Q35 = Pattern.compile("q35|pc-q35-.*");
  private static final Pattern ARM_VIRT = Pattern.compile("virt-[0-9].*");

  /// Blocks that are never a machine's main RAM, without those that have a path.
  private static final Set<String> FIRMWARE =
      Set.of(
          "pc.bios",
          "pc.rom",
          "isa-bios",
          "vga.vram",
          "system.flash0",
          "system.flash1",
          "virt.flash0",
          "virt.flash1",
          "sbsa.flash0",
          "sbsa.flash1");

  private static final Pattern NODE = Pattern.compile("(?:/objects/)?ram-node([0-9]{1,4})");

  private final String machine;
  private final List<RamBlock> blocks;
  private final BlockNames names;
  private final List<MemoryRange> ranges = new ArrayList<>();

  MachineRules(String machine, List<RamBlock> blocks) {
    this.machine = machine;
    this.blocks = blocks;
    this.names = new BlockNames(blocks);
  }

  List<MemoryRange> ranges() {
    if (PC.matcher(machine).matches()) {
      pc(main("pc.ram"), this::lowOfPc);
    } else if (Q35.matcher(machine).matches()) {
      pc(main("pc.ram"), this::lowOfQ35);
    } else if (machine.isEmpty() && isSmallPc()) {
      pc(main("pc.ram"), size -> size);
    } else if (machine.equals("isapc")) {
      isapc(main("pc.ram"));
    } else if (machine.equals("microvm")) {
      microvm(main("microvm.ram"));
    } else if (ARM_VIRT.matcher(machine).matches()) {
      flat(main("mach-virt.ram"), GIB);
      flash("virt.flash0", 0, 64 * MIB);
      flash("virt.flash1", 64 * MIB, 64 * MIB);
    } else if (machine.equals("sbsa-ref")) {
      flat(main("sbsa-ref.ram"), 1L << 40);
      flash("sbsa.flash1", 256 * MIB, 256 * MIB);
    } else if (machine.equals("virt") && names.exactly("riscv_virt_board.ram").isPresent()) {
      flat(main("riscv_virt_board.ram"), 2 * GIB);
    } else if (machine.equals("virt") && names.exactly("loongarch.ram").isPresent()) {
      split(main("loongarch.ram"), 256 * MIB, 2 * GIB);
    } else if (machine.startsWith("s390-ccw-virtio")) {
      flat(main("s390.ram"), 0);
    } else if (machine.startsWith("pseries")) {
      flat(main("ppc_spapr.ram"), 0);
    }
    return ranges;
  }

  /// Whether there is so little RAM that it stands at its offsets in any PC.
  private boolean isSmallPc() {
    return names.exactly("pc.ram").filter(ram -> ram.usedLength() < 0xb000_0000L).isPresent();
  }

  /// How much of a PC's RAM stands below 4 GiB at most.
  private interface Low {
    long of(long size);
  }

  private long lowOfPc(long size) {
    boolean whole = !BEFORE_2_0.matcher(machine).matches();
    return size >= 0xe000_0000L && whole ? 0xc000_0000L : 0xe000_0000L;
  }

  private long lowOfQ35(long size) {
    boolean whole = !BEFORE_2_0.matcher(machine).matches();
    return size >= 0xb000_0000L && whole ? 0x8000_0000L : 0xb000_0000L;
  }

  /// The blocks that are the machine's RAM one behind the other; none if that is not known, or more
  /// than any machine has.
  private List<RamBlock> main(String own) {
    List<RamBlock> main = candidates(own);
    long left = MAX_RAM;
    for (RamBlock block : main) {
      if (block.usedLength() > left) {
        return List.of();
      }
      left -= block.usedLength();
    }
    return main;
  }

  /// The machine's own block, or backends in its place.
  private List<RamBlock> candidates(String own) {
    Optional<RamBlock> block = names.exactly(own);
    if (block.isPresent()) {
      return List.of(block.get());
    }
    List<RamBlock> nodes =
        blocks.stream()
            .filter(b -> NODE.matcher(b.idstr()).matches())
            .sorted(Comparator.comparingInt(MachineRules::node))
            .toList();
    if (!nodes.isEmpty()) {
      boolean complete = node(nodes.getLast()) == nodes.size() - 1;
      return complete ? nodes : List.of();
    }
    // A single backend is the RAM; of several it is not known which are nodes and which are DIMMs.
    List<RamBlock> backends = blocks.stream().filter(MachineRules::isBackend).toList();
    return backends.size() == 1 ? backends : List.of();
  }

  private static int node(RamBlock block) {
    return Integer.parseInt(NODE.matcher(block.idstr()).replaceAll("$1"));
  }

  private static boolean isBackend(RamBlock block) {
    String name = block.idstr();
    return name.startsWith("/objects/") || (name.indexOf('/') < 0 && !FIRMWARE.contains(name));
  }

  private static long total(List<RamBlock> main) {
    return main.stream().mapToLong(RamBlock::usedLength).sum();
  }

  private void pc(List<RamBlock> main, Low low) {
    long size = total(main);
    long below = Math.min(size, low.of(size));
    if (FOUR_GIB + size - below > KNOWN_END) {
      return;
    }
    place(main, 0, Math.min(below, VGA), 0);
    place(main, OPTION_ROMS, below, OPTION_ROMS);
    place(main, below, size, FOUR_GIB);
    firmware(below);
  }

  private void isapc(List<RamBlock> main) {
    long size = total(main);
    place(main, 0, Math.min(size, VGA), 0);
    names
        .exactly("pc.rom")
        .filter(rom -> rom.usedLength() <= ISA_BIOS - OPTION_ROMS)
        .ifPresent(rom -> add(OPTION_ROMS, rom, 0, rom.usedLength(), MemoryKind.RAM));
    isaBios(MemoryKind.RAM);
    place(main, MIB, Math.min(size, FOUR_GIB - MAX_FIRMWARE), MIB);
    firmware(size);
  }

  private void microvm(List<RamBlock> main) {
    long size = total(main);
    long below = Math.min(size, 0xc000_0000L);
    if (size > KNOWN_END) {
      return;
    }
    long bios = isaBios(MemoryKind.RAM);
    place(main, 0, Math.min(below, bios), 0);
    place(main, MIB, below, MIB);
    place(main, below, size, FOUR_GIB);
    firmware(below);
  }

  /// The last 128 KiB of BIOS below 1 MiB; returns where they begin.
  private long isaBios(MemoryKind kind) {
    Optional<RamBlock> bios = names.exactly("pc.bios");
    long length = Math.min(bios.map(RamBlock::usedLength).orElse(0L), MIB - ISA_BIOS);
    bios.ifPresent(block -> add(MIB - length, block, block.usedLength() - length, length, kind));
    return MIB - length;
  }

  /// BIOS, or flash chips, end at 4 GiB.
  private void firmware(long ramEnd) {
    long end = FOUR_GIB;
    for (String name : List.of("pc.bios", "system.flash0", "system.flash1")) {
      Optional<RamBlock> block = names.exactly(name);
      if (block.isEmpty()) {
        continue;
      }
      long length = block.get().usedLength();
      if (length < 1 || length > MAX_FIRMWARE || end - length < ramEnd) {
        return;
      }
      end -= length;
      boolean flash = name.startsWith("system.");
      add(end, block.get(), 0, length, flash ? MemoryKind.ROM_DEVICE : MemoryKind.ROM);
    }
  }

  private void flat(List<RamBlock> main, long start) {
    place(main, 0, total(main), start);
  }

  private void split(List<RamBlock> main, long below, long above) {
    long size = total(main);
    place(main, 0, Math.min(size, below), 0);
    place(main, below, size, above);
  }

  private void flash(String name, long start, long room) {
    names
        .exactly(name)
        .filter(block -> block.usedLength() <= room)
        .ifPresent(block -> add(start, block, 0, block.usedLength(), MemoryKind.ROM_DEVICE));
  }

  /// Puts bytes `from` to `to` of RAM at an address.
  private void place(List<RamBlock> main, long from, long to, long start) {
    long first = 0;
    for (RamBlock block : main) {
      long begin = Math.max(from, first);
      long end = Math.min(to, first + block.usedLength());
      if (begin < end) {
        add(start + begin - from, block, begin - first, end - begin, MemoryKind.RAM);
      }
      first += block.usedLength();
    }
  }

  private void add(long start, RamBlock block, long offset, long length, MemoryKind kind) {
    if (length > 0) {
      ranges.add(new MemoryRange(start, length, block, offset, kind));
    }
  }
}
