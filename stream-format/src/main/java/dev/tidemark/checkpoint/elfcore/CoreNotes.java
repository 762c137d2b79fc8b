// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.elfcore;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.memory.GuestMemory;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.vmstate.CpuRegisters;
import dev.tidemark.stream.vmstate.CpuRegisters.Aarch64;
import dev.tidemark.stream.vmstate.CpuRegisters.X86;
import dev.tidemark.stream.vmstate.DeviceVmstate;
import dev.tidemark.stream.vmstate.MachineVmstate;
import dev.tidemark.stream.vmstate.VmstatePath;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The notes of a core and what the CPUs say of the rest of the file.
///
/// @param machine ELF's number of the architecture
/// @param order byte order of the file
/// @param bytes all notes
/// @param cpus how many CPUs' registers are in them
/// @param warnings what is missing
record CoreNotes(short machine, ByteOrder order, byte[] bytes, int cpus, List<String> warnings) {
  /// More than any machine of QEMU can have.
  private static final int MAX_CPUS = 8192;

  static CoreNotes of(GuestMemory memory) throws IOException {
    Checkpoint checkpoint = memory.checkpoint();
    List<String> warnings = new ArrayList<>();
    MachineVmstate machine = machine(checkpoint.deviceState(), warnings);
    List<CpuRegisters> cpus = CpuRegisters.of(machine);
    if (cpus.size() > MAX_CPUS) {
      warnings.add("registers are missing: there are %d CPUs".formatted(cpus.size()));
      cpus = List.of();
    } else if (machine.vmdesc().isPresent() && cpus.isEmpty()) {
      warnings.add("registers are missing: the device state holds no CPU that is known");
    }
    Architecture architecture = Architecture.of(cpus, checkpoint);
    NoteBuffer notes = new NoteBuffer(architecture.order());
    int written = cpus(notes, cpus, machine, architecture, warnings);
    GuestNote.copy(machine, memory, notes, architecture.order(), warnings);
    return new CoreNotes(
        architecture.machine(), architecture.order(), notes.toByteArray(), written, warnings);
  }

  private static MachineVmstate machine(DeviceState state, List<String> warnings) {
    if (state.vmdesc().isEmpty()) {
      warnings.add("registers are missing: without vmdesc the device state cannot be decoded");
    }
    try {
      return MachineVmstate.decode(state);
    } catch (StreamException e) {
      warnings.add("registers are missing: " + e.getMessage());
      return new MachineVmstate(List.of(), Optional.empty(), Optional.empty());
    }
  }

  private static int cpus(
      NoteBuffer notes,
      List<CpuRegisters> cpus,
      MachineVmstate machine,
      Architecture architecture,
      List<String> warnings) {
    List<X86> x86 = new ArrayList<>();
    int arm = 0;
    for (CpuRegisters cpu : cpus) {
      if (cpu instanceof X86 registers && architecture.isX86()) {
        x86.add(registers);
      } else if (cpu instanceof Aarch64 registers
          && architecture.machine() == ElfCoreDescriptor.EM_AARCH64) {
        Aarch64Notes.write(notes, registers);
        arm++;
        warnOfSve(registers, machine, warnings);
      } else {
        warnings.add(
            "registers of CPU %s are missing: they are of no kind that is known"
                .formatted(Integer.toUnsignedString(cpu.instanceId())));
      }
    }
    X86Notes.write(notes, x86, machine);
    return x86.size() + arm;
  }

  private static void warnOfSve(Aarch64 cpu, MachineVmstate machine, List<String> warnings) {
    Optional<DeviceVmstate> section = machine.device("cpu", cpu.instanceId());
    if (section.isPresent()
        && section.get().find(new VmstatePath("cpu", cpu.instanceId(), "cpu/sve:")).isPresent()) {
      warnings.add(
          "SVE registers of CPU %s are cut to 128 bits"
              .formatted(Integer.toUnsignedString(cpu.instanceId())));
    }
  }
}
