// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.elfcore;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.stream.vmstate.CpuRegisters;
import dev.tidemark.stream.vmstate.CpuRegisters.Aarch64;
import dev.tidemark.stream.vmstate.CpuRegisters.X86;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// The architecture of a core: of the first CPU, else of the machine type.
///
/// An x86 guest whose first CPU is not in long mode is EM_386. QEMU makes its core 64-bit ELF where
/// memory reaches 4 GiB, as it does on every PC, whose BIOS ends there.
///
/// Format: `cpu_get_dump_info` in `target/i386/arch_dump.c` and `target/arm/arch_dump.c`, QEMU
/// 10.0.2.
///
/// @param machine ELF's number
/// @param order byte order of the file
record Architecture(short machine, ByteOrder order) {
  boolean isX86() {
    return machine == ElfCoreDescriptor.EM_386 || machine == ElfCoreDescriptor.EM_X86_64;
  }

  static Architecture of(List<CpuRegisters> cpus, Checkpoint checkpoint) {
    if (!cpus.isEmpty()) {
      switch (cpus.getFirst()) {
        case X86 cpu -> {
          return little(
              X86Notes.isLongMode(cpu) ? ElfCoreDescriptor.EM_X86_64 : ElfCoreDescriptor.EM_386);
        }
        case Aarch64 cpu -> {
          return new Architecture(ElfCoreDescriptor.EM_AARCH64, Aarch64Notes.order(cpu));
        }
        case CpuRegisters.Other _ -> {}
      }
    }
    return ofMachine(checkpoint);
  }

  private static Architecture ofMachine(Checkpoint checkpoint) {
    String type = checkpoint.configuration().machineType();
    Set<String> blocks =
        checkpoint.ramBlocks().stream().map(block -> block.idstr()).collect(Collectors.toSet());
    if (type.startsWith("virt-") || type.equals("sbsa-ref") || blocks.contains("mach-virt.ram")) {
      return little(ElfCoreDescriptor.EM_AARCH64);
    }
    if (type.startsWith("pc")
        || blocks.contains("pc.ram")
        || blocks.contains("pc.bios")
        || Set.of("q35", "isapc", "microvm").contains(type)) {
      return little(ElfCoreDescriptor.EM_X86_64);
    }
    if (type.startsWith("s390-ccw-virtio")) {
      return new Architecture(ElfCoreDescriptor.EM_S390, ByteOrder.BIG_ENDIAN);
    }
    if (type.startsWith("pseries")) {
      return little(ElfCoreDescriptor.EM_PPC64);
    }
    if (blocks.contains("riscv_virt_board.ram")) {
      return little(ElfCoreDescriptor.EM_RISCV);
    }
    if (blocks.contains("loongarch.ram")) {
      return little(ElfCoreDescriptor.EM_LOONGARCH);
    }
    return little(ElfCoreDescriptor.EM_NONE);
  }

  private static Architecture little(short machine) {
    return new Architecture(machine, ByteOrder.LITTLE_ENDIAN);
  }
}
