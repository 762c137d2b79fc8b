// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import dev.tidemark.stream.vmstate.VmstateValue.Struct;
import java.util.List;
import java.util.Map;

/// The registers of one virtual CPU, from its `cpu` section.
///
/// Format: `vmstate_x86_cpu` in `target/i386/machine.c` and `vmstate_arm_cpu` in
/// `target/arm/machine.c`, QEMU 10.0.2.
public sealed interface CpuRegisters {
  /// Instance id of the CPU's section; on most machines its index.
  int instanceId();

  /// The registers of each CPU, in stream order. One whose fields are not those of an architecture
  /// that is known comes as [Other].
  ///
  /// @param machine decoded device state
  static List<CpuRegisters> of(MachineVmstate machine) {
    return machine.devices().stream()
        .filter(device -> device.header().idstr().equals("cpu"))
        .map(CpuRegisterReader::read)
        .toList();
  }

  /// An x86 CPU; one without long mode has zeroes in what only that has.
  ///
  /// @param general general registers
  /// @param segments segment registers
  /// @param control control and debug registers
  /// @param fpu x87, SSE and AVX
  record X86(
      int instanceId, X86.General general, X86.Segments segments, X86.Control control, X86.Fpu fpu)
      implements CpuRegisters {
    /// General registers, by their 64-bit names.
    public record General(
        long rax,
        long rcx,
        long rdx,
        long rbx,
        long rsp,
        long rbp,
        long rsi,
        long rdi,
        long r8,
        long r9,
        long r10,
        long r11,
        long r12,
        long r13,
        long r14,
        long r15,
        long rip,
        long rflags) {}

    /// A segment register with its hidden part.
    ///
    /// @param selector 16 bits
    /// @param base linear address
    /// @param limit in bytes, with the granularity applied
    /// @param flags upper half of the descriptor, as QEMU keeps it; its lowest 8 bits say nothing
    public record Segment(int selector, long base, long limit, long flags) {}

    /// Segment registers and descriptor tables; of `gdt` and `idt` base and limit count.
    public record Segments(
        Segment es,
        Segment cs,
        Segment ss,
        Segment ds,
        Segment fs,
        Segment gs,
        Segment ldt,
        Segment tr,
        Segment gdt,
        Segment idt) {}

    /// Control registers, EFER, XCR0, and the eight debug registers.
    public record Control(
        long cr0, long cr2, long cr3, long cr4, long efer, long xcr0, List<Long> dr) {
      /// Copies the list.
      public Control {
        dr = List.copyOf(dr);
      }
    }

    /// An x87 register.
    ///
    /// @param mantissa lower 64 bits; all of an MMX register
    /// @param exponent sign and exponent, 16 bits
    public record X87(long mantissa, int exponent) {}

    /// A vector register.
    ///
    /// @param quads 64 bits each, the lowest first: 2 for SSE, 4 for AVX
    public record Vector(List<Long> quads) {
      /// Copies the list.
      public Vector {
        quads = List.copyOf(quads);
      }
    }

    /// x87, SSE and AVX.
    ///
    /// @param controlWord FCW
    /// @param statusWord FSW
    /// @param tags one bit a register, set if it holds something, as FXSAVE has it
    /// @param registers the eight physical x87 registers
    /// @param mxcsr MXCSR
    /// @param vectors 16 of them, 8 without long mode
    public record Fpu(
        int controlWord,
        int statusWord,
        int tags,
        List<X87> registers,
        long mxcsr,
        List<X86.Vector> vectors) {
      /// Copies the lists.
      public Fpu {
        registers = List.copyOf(registers);
        vectors = List.copyOf(vectors);
      }
    }
  }

  /// An Arm CPU in AArch64 state.
  ///
  /// @param general general registers
  /// @param control what stands in the exception levels' registers
  /// @param fp floating point and Advanced SIMD; zeroes where the CPU has none
  record Aarch64(int instanceId, Aarch64.General general, Aarch64.Control control, Aarch64.Fp fp)
      implements CpuRegisters {
    /// General registers.
    ///
    /// @param x X0 to X30
    /// @param sp stack pointer of the current exception level
    /// @param pc program counter
    /// @param pstate PSTATE, in the form of SPSR
    public record General(List<Long> x, long sp, long pc, long pstate) {
      /// Copies the list.
      public General {
        x = List.copyOf(x);
      }
    }

    /// Registers of the exception levels.
    ///
    /// @param elr ELR by exception level, 0 to 3
    /// @param sp SP by exception level, 0 to 3; the current one's is in [General#sp]
    /// @param system system registers by KVM's register id, in stream order
    public record Control(List<Long> elr, List<Long> sp, Map<Long, Long> system) {
      /// Copies the lists.
      public Control {
        elr = List.copyOf(elr);
        sp = List.copyOf(sp);
      }
    }

    /// A vector register.
    ///
    /// @param low bits 0 to 63
    /// @param high bits 64 to 127
    public record Vector(long low, long high) {}

    /// Floating point and Advanced SIMD.
    ///
    /// @param q Q0 to Q31, the lowest 128 bits of the SVE registers
    /// @param fpcr FPCR
    /// @param fpsr FPSR
    public record Fp(List<Aarch64.Vector> q, long fpcr, long fpsr) {
      /// Copies the list.
      public Fp {
        q = List.copyOf(q);
      }
    }
  }

  /// A CPU of another architecture, or an Arm one in AArch32 state.
  ///
  /// @param fields the section's fields by their names
  record Other(int instanceId, Struct fields) implements CpuRegisters {}
}
