// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.elfcore;

import dev.tidemark.stream.vmstate.CpuRegisters.X86;
import dev.tidemark.stream.vmstate.MachineVmstate;
import dev.tidemark.stream.vmstate.VmstatePath;
import dev.tidemark.stream.vmstate.VmstateValue.Scalar;
import java.nio.ByteBuffer;
import java.util.List;

/// Notes of x86 CPUs. Whether they are of the 64-bit form, long mode of the first CPU decides.
///
/// Format: `target/i386/arch_dump.c`, QEMU 10.0.2.
final class X86Notes {
  private static final int SIZE_PRSTATUS_64 = 336;
  private static final int PID_64 = 32;
  private static final int REGISTERS_64 = 112;

  private static final int SIZE_PRSTATUS_32 = 144;
  private static final int PID_32 = 24;
  private static final int REGISTERS_32 = 72;

  private static final int QEMU_VERSION = 1;
  private static final int SIZE_QEMU = 440;

  /// EFER.LMA: the CPU is in long mode.
  private static final long LONG_MODE_ACTIVE = 1 << 10;

  private X86Notes() {}

  static boolean isLongMode(X86 cpu) {
    return (cpu.control().efer() & LONG_MODE_ACTIVE) != 0;
  }

  /// All notes: first the registers of each CPU as an operating system's core has them, then what
  /// QEMU adds, of each CPU.
  static void write(NoteBuffer notes, List<X86> cpus, MachineVmstate machine) {
    boolean longMode = !cpus.isEmpty() && isLongMode(cpus.getFirst());
    for (X86 cpu : cpus) {
      ByteBuffer status = longMode ? status64(notes, cpu) : status32(notes, cpu);
      notes.add("CORE", ElfCoreDescriptor.NT_PRSTATUS, status);
    }
    for (X86 cpu : cpus) {
      notes.add("QEMU", ElfCoreDescriptor.NT_QEMU, qemu(notes, cpu, kernelGsBase(machine, cpu)));
    }
  }

  private static ByteBuffer status64(NoteBuffer notes, X86 cpu) {
    X86.General g = cpu.general();
    X86.Segments s = cpu.segments();
    ByteBuffer to = notes.content(SIZE_PRSTATUS_64);
    to.putInt(PID_64, cpu.instanceId() + 1);
    to.position(REGISTERS_64);
    to.putLong(g.r15()).putLong(g.r14()).putLong(g.r13()).putLong(g.r12());
    to.putLong(g.rbp()).putLong(g.rbx());
    to.putLong(g.r11()).putLong(g.r10()).putLong(g.r9()).putLong(g.r8());
    to.putLong(g.rax()).putLong(g.rcx()).putLong(g.rdx()).putLong(g.rsi()).putLong(g.rdi());
    // orig_rax, which only an operating system knows
    to.putLong(0);
    to.putLong(g.rip()).putLong(s.cs().selector()).putLong(g.rflags());
    to.putLong(g.rsp()).putLong(s.ss().selector());
    to.putLong(s.fs().base()).putLong(s.gs().base());
    to.putLong(s.ds().selector()).putLong(s.es().selector());
    to.putLong(s.fs().selector()).putLong(s.gs().selector());
    return to;
  }

  private static ByteBuffer status32(NoteBuffer notes, X86 cpu) {
    X86.General g = cpu.general();
    X86.Segments s = cpu.segments();
    ByteBuffer to = notes.content(SIZE_PRSTATUS_32);
    to.putInt(PID_32, cpu.instanceId() + 1);
    to.position(REGISTERS_32);
    to.putInt((int) g.rbx()).putInt((int) g.rcx()).putInt((int) g.rdx());
    to.putInt((int) g.rsi()).putInt((int) g.rdi()).putInt((int) g.rbp()).putInt((int) g.rax());
    // Selectors are 16 bits, each in room for 32.
    to.putInt(s.ds().selector() & 0xffff).putInt(s.es().selector() & 0xffff);
    to.putInt(s.fs().selector() & 0xffff).putInt(s.gs().selector() & 0xffff);
    to.putInt(0);
    to.putInt((int) g.rip()).putInt(s.cs().selector() & 0xffff).putInt((int) g.rflags());
    to.putInt((int) g.rsp()).putInt(s.ss().selector() & 0xffff);
    return to;
  }

  private static ByteBuffer qemu(NoteBuffer notes, X86 cpu, long kernelGsBase) {
    X86.General g = cpu.general();
    X86.Segments s = cpu.segments();
    X86.Control c = cpu.control();
    ByteBuffer to = notes.content(SIZE_QEMU);
    to.putInt(QEMU_VERSION).putInt(SIZE_QEMU);
    to.putLong(g.rax()).putLong(g.rbx()).putLong(g.rcx()).putLong(g.rdx());
    to.putLong(g.rsi()).putLong(g.rdi()).putLong(g.rsp()).putLong(g.rbp());
    to.putLong(g.r8()).putLong(g.r9()).putLong(g.r10()).putLong(g.r11());
    to.putLong(g.r12()).putLong(g.r13()).putLong(g.r14()).putLong(g.r15());
    to.putLong(g.rip()).putLong(g.rflags());
    for (X86.Segment segment :
        List.of(
            s.cs(), s.ds(), s.es(), s.fs(), s.gs(), s.ss(), s.ldt(), s.tr(), s.gdt(), s.idt())) {
      to.putInt(segment.selector()).putInt((int) segment.limit()).putInt((int) segment.flags());
      to.putInt(0).putLong(segment.base());
    }
    to.putLong(c.cr0()).putLong(0).putLong(c.cr2()).putLong(c.cr3()).putLong(c.cr4());
    to.putLong(kernelGsBase);
    return to;
  }

  private static long kernelGsBase(MachineVmstate machine, X86 cpu) {
    VmstatePath path = new VmstatePath("cpu", cpu.instanceId(), "env.kernelgsbase");
    return machine.find(path).orElse(null) instanceof Scalar number ? number.value() : 0;
  }
}
