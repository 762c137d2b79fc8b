// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import dev.tidemark.stream.vmstate.CpuRegisters.Aarch64;
import dev.tidemark.stream.vmstate.CpuRegisters.Other;
import dev.tidemark.stream.vmstate.CpuRegisters.X86;
import dev.tidemark.stream.vmstate.VmstateValue.Scalar;
import dev.tidemark.stream.vmstate.VmstateValue.Scalars;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Finds registers among the fields of a `cpu` section. A register without a field is 0.
final class CpuRegisterReader {
  /// PSTATE.nRW: the CPU is in AArch32 state.
  private static final long AARCH32 = 0x10;

  // How FPSCR of AArch32 divides into FPSR and FPCR.
  private static final long FPSR_BITS = 0xf800_009fL;
  private static final long FPCR_BITS = 0x07ff_9f00L;

  private final DeviceVmstate device;

  private CpuRegisterReader(DeviceVmstate device) {
    this.device = device;
  }

  static CpuRegisters read(DeviceVmstate device) {
    CpuRegisterReader reader = new CpuRegisterReader(device);
    if (reader.has("env.eip") && reader.has("env.segs")) {
      return reader.x86();
    }
    if (reader.has("env.xregs") && (reader.get("cpsr") & AARCH32) == 0) {
      return reader.aarch64();
    }
    return new Other(device.header().instanceId(), device.fields());
  }

  private X86 x86() {
    X86.General general =
        new X86.General(
            reg(0),
            reg(1),
            reg(2),
            reg(3),
            reg(4),
            reg(5),
            reg(6),
            reg(7),
            reg(8),
            reg(9),
            reg(10),
            reg(11),
            reg(12),
            reg(13),
            reg(14),
            reg(15),
            get("env.eip"),
            get("env.eflags"));
    X86.Segments segments =
        new X86.Segments(
            segment("env.segs[0]"),
            segment("env.segs[1]"),
            segment("env.segs[2]"),
            segment("env.segs[3]"),
            segment("env.segs[4]"),
            segment("env.segs[5]"),
            segment("env.ldt"),
            segment("env.tr"),
            segment("env.gdt"),
            segment("env.idt"));
    X86.Control control =
        new X86.Control(
            get("env.cr[0]"),
            get("env.cr[2]"),
            get("env.cr[3]"),
            get("env.cr[4]"),
            get("env.efer"),
            get("env.xcr0"),
            list("env.dr"));
    return new X86(device.header().instanceId(), general, segments, control, fpu());
  }

  private long reg(int number) {
    return get("env.regs[" + number + "]");
  }

  private X86.Segment segment(String path) {
    return new X86.Segment(
        (int) get(path + ".selector"),
        get(path + ".base"),
        get(path + ".limit"),
        get(path + ".flags"));
  }

  private X86.Fpu fpu() {
    List<X86.X87> registers =
        IntStream.range(0, 8).mapToObj(i -> x87("env.fpregs[" + i + "].tmp")).toList();
    int count = (int) IntStream.range(0, 16).filter(i -> has("env.regs[" + i + "]")).count();
    return new X86.Fpu(
        (int) get("env.fpuc"),
        (int) get("env.fpus_vmstate"),
        (int) get("env.fptag_vmstate"),
        registers,
        get("env.mxcsr"),
        IntStream.range(0, count).mapToObj(this::vector).toList());
  }

  private X86.X87 x87(String path) {
    return new X86.X87(get(path + ".tmp_mant"), (int) get(path + ".tmp_exp"));
  }

  /// The two arrays of quads have one name in QEMU, so that vmdesc numbers them.
  private X86.Vector vector(int number) {
    String low = "env.xmm_regs[0][" + number + "]._q_ZMMReg";
    String high = "env.xmm_regs[1][" + number + "]._q_ZMMReg";
    List<Long> sse = List.of(get(low + "[0]"), get(low + "[1]"));
    return new X86.Vector(
        has(high + "[2]")
            ? List.of(sse.get(0), sse.get(1), get(high + "[2]"), get(high + "[3]"))
            : sse);
  }

  private Aarch64 aarch64() {
    List<Long> x = list("env.xregs");
    Aarch64.General general =
        new Aarch64.General(
            x.subList(0, Math.min(31, x.size())), get("env.xregs[31]"), get("env.pc"), get("cpsr"));
    Aarch64.Control control =
        new Aarch64.Control(list("env.elr_el"), list("env.sp_el"), systemRegisters());
    return new Aarch64(device.header().instanceId(), general, control, fp());
  }

  private Map<Long, Long> systemRegisters() {
    List<Long> ids = list("cpreg_vmstate_indexes");
    List<Long> values = list("cpreg_vmstate_values");
    Map<Long, Long> registers = new LinkedHashMap<>();
    for (int i = 0; i < Math.min(ids.size(), values.size()); i++) {
      registers.put(ids.get(i), values.get(i));
    }
    return Collections.unmodifiableMap(registers);
  }

  private Aarch64.Fp fp() {
    List<Aarch64.Vector> q =
        IntStream.range(0, 32)
            .mapToObj(i -> "cpu/vfp:env.vfp.zregs[" + i + "].d")
            .map(d -> new Aarch64.Vector(get(d + "[0]"), get(d + "[1]")))
            .toList();
    String apart = "cpu/vfp:cpu/vfp/fpcr_fpsr:";
    long fpscr = get("cpu/vfp:fpscr");
    return has(apart + "fpcr")
        ? new Aarch64.Fp(q, get(apart + "fpcr"), get(apart + "fpsr"))
        : new Aarch64.Fp(q, fpscr & FPCR_BITS, fpscr & FPSR_BITS);
  }

  private boolean has(String field) {
    return device.find(device.path(field)).isPresent();
  }

  private long get(String field) {
    return device.find(device.path(field)).orElse(null) instanceof Scalar number
        ? number.value()
        : 0;
  }

  private List<Long> list(String field) {
    return device.find(device.path(field)).orElse(null) instanceof Scalars numbers
        ? IntStream.range(0, numbers.count()).mapToObj(i -> numbers.get(i).value()).toList()
        : List.of();
  }
}
