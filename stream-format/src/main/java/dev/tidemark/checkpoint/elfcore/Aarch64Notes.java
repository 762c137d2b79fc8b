// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.elfcore;

import dev.tidemark.stream.vmstate.CpuRegisters.Aarch64;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Notes of Arm CPUs in AArch64 state: of each, general registers and floating point.
///
/// Format: `target/arm/arch_dump.c`, QEMU 10.0.2.
final class Aarch64Notes {
  private static final int SIZE_PRSTATUS = 392;
  private static final int PID = 32;
  private static final int REGISTERS = 112;
  private static final int SIZE_PRFPREG = 528;

  /// Id of SCTLR_EL1, as KVM has it.
  private static final long SCTLR_EL1 = 0x6030_0000_0013_c080L;

  /// SCTLR_EL1.EE: data accesses at EL1 are big-endian.
  private static final long BIG_ENDIAN = 1 << 25;

  private Aarch64Notes() {}

  /// The byte order of a dump: that of the first CPU at EL1.
  static ByteOrder order(Aarch64 first) {
    long control = first.control().system().getOrDefault(SCTLR_EL1, 0L);
    return (control & BIG_ENDIAN) != 0 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
  }

  static void write(NoteBuffer notes, Aarch64 cpu) {
    ByteBuffer status = notes.content(SIZE_PRSTATUS);
    status.putInt(PID, cpu.instanceId() + 1);
    status.position(REGISTERS);
    for (int i = 0; i < 31; i++) {
      status.putLong(i < cpu.general().x().size() ? cpu.general().x().get(i) : 0);
    }
    status.putLong(cpu.general().sp()).putLong(cpu.general().pc()).putLong(cpu.general().pstate());
    // pr_fpvalid
    status.putInt(1);
    notes.add("CORE", ElfCoreDescriptor.NT_PRSTATUS, status);

    ByteBuffer fp = notes.content(SIZE_PRFPREG);
    boolean swapped = fp.order() == ByteOrder.BIG_ENDIAN;
    for (Aarch64.Vector q : cpu.fp().q()) {
      fp.putLong(swapped ? q.high() : q.low()).putLong(swapped ? q.low() : q.high());
    }
    fp.putInt((int) cpu.fp().fpsr()).putInt((int) cpu.fp().fpcr());
    notes.add("CORE", ElfCoreDescriptor.NT_PRFPREG, fp);
  }
}
