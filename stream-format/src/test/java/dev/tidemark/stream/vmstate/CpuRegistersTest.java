// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.stream.vmstate.CpuRegisters.Aarch64;
import dev.tidemark.stream.vmstate.CpuRegisters.Other;
import dev.tidemark.stream.vmstate.CpuRegisters.X86;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Registers in device state are those that QEMU showed by `info registers -a`.
class CpuRegistersTest {
  private static final String[] NARROW = {"EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"};

  @ParameterizedTest
  @ValueSource(strings = {"pc-10.0", "q35-10.0"})
  void x86IsAsShown(String name) throws IOException {
    String[] shown = DeviceCorpus.registers(name).split("CPU#\\d+", -1);
    List<CpuRegisters> cpus = CpuRegisters.of(MachineVmstate.decode(DeviceCorpus.state(name)));
    assertThat(cpus).hasSize(2).hasSize(shown.length - 1);
    for (int i = 0; i < cpus.size(); i++) {
      String text = shown[i + 1];
      X86 cpu = (X86) cpus.get(i);
      assertThat(cpu.instanceId()).isEqualTo(i);
      X86.General g = cpu.general();
      long[] general = {g.rax(), g.rcx(), g.rdx(), g.rbx(), g.rsp(), g.rbp(), g.rsi(), g.rdi()};
      for (int r = 0; r < general.length; r++) {
        assertThat(general[r]).as(NARROW[r]).isEqualTo(hex(text, NARROW[r] + "="));
      }
      assertThat(g.rip()).isEqualTo(hex(text, "EIP="));
      assertThat(g.rflags()).isEqualTo(hex(text, "EFL="));
      X86.Segments s = cpu.segments();
      X86.Segment[] segments = {s.es(), s.cs(), s.ss(), s.ds(), s.fs(), s.gs(), s.ldt(), s.tr()};
      String[] names = {"ES =", "CS =", "SS =", "DS =", "FS =", "GS =", "LDT=", "TR ="};
      for (int r = 0; r < segments.length; r++) {
        assertThat(
                "%04x %08x %08x %08x"
                    .formatted(
                        segments[r].selector(),
                        segments[r].base(),
                        segments[r].limit(),
                        segments[r].flags() & 0xffff00))
            .as(names[r])
            .isEqualTo(line(text, names[r]).substring(0, 31));
      }
      assertThat("%08x %08x".formatted(s.gdt().base(), s.gdt().limit()))
          .isEqualTo(line(text, "GDT=").strip());
      assertThat("%08x %08x".formatted(s.idt().base(), s.idt().limit()))
          .isEqualTo(line(text, "IDT=").strip());
      X86.Control c = cpu.control();
      assertThat(List.of(c.cr0(), c.cr2(), c.cr3(), c.cr4(), c.efer()))
          .containsExactly(
              hex(text, "CR0="),
              hex(text, "CR2="),
              hex(text, "CR3="),
              hex(text, "CR4="),
              hex(text, "EFER="));
      assertThat(List.of(c.dr().get(0), c.dr().get(6), c.dr().get(7)))
          .containsExactly(hex(text, "DR0="), hex(text, "DR6="), hex(text, "DR7="));
      X86.Fpu f = cpu.fpu();
      assertThat(f.controlWord()).isEqualTo((int) hex(text, "FCW="));
      assertThat(f.statusWord()).isEqualTo((int) hex(text, "FSW="));
      assertThat(f.tags()).isEqualTo((int) hex(text, "FTW="));
      assertThat(f.mxcsr()).isEqualTo(hex(text, "MXCSR="));
      assertThat(f.registers()).hasSize(8);
      for (int r = 0; r < 8; r++) {
        assertThat(
                "%016x %04x"
                    .formatted(f.registers().get(r).mantissa(), f.registers().get(r).exponent()))
            .isEqualTo(line(text, "FPR" + r + "=").substring(0, 21));
        List<Long> quads = f.vectors().get(r).quads();
        assertThat("%016x %016x".formatted(quads.get(1), quads.get(0)))
            .isEqualTo(line(text, "XMM0" + r + "=").substring(0, 33));
      }
      assertThat(f.vectors()).hasSize(16).allSatisfy(v -> assertThat(v.quads()).hasSize(4));
    }
  }

  @Test
  void aarch64IsAsShown() throws IOException {
    String[] shown = DeviceCorpus.registers("virt-10.0").split("CPU#\\d+", -1);
    List<CpuRegisters> cpus =
        CpuRegisters.of(MachineVmstate.decode(DeviceCorpus.state("virt-10.0")));
    assertThat(cpus).hasSize(2).hasSize(shown.length - 1);
    for (int i = 0; i < cpus.size(); i++) {
      String text = shown[i + 1];
      Aarch64 cpu = (Aarch64) cpus.get(i);
      assertThat(cpu.general().x()).hasSize(31);
      for (int r = 0; r < 31; r++) {
        assertThat(cpu.general().x().get(r)).isEqualTo(hex(text, "X%02d=".formatted(r)));
      }
      assertThat(cpu.general().sp()).isEqualTo(hex(text, " SP="));
      assertThat(cpu.general().pc()).isEqualTo(hex(text, "PC="));
      assertThat(cpu.general().pstate()).isEqualTo(hex(text, "PSTATE="));
      assertThat(cpu.control().system()).isNotEmpty();
      if (text.contains("FPCR=")) {
        assertThat(cpu.fp().fpcr()).isEqualTo(hex(text, "FPCR="));
        assertThat(cpu.fp().fpsr()).isEqualTo(hex(text, "FPSR="));
        List<String> q = new ArrayList<>();
        cpu.fp().q().forEach(v -> q.add("%016x:%016x".formatted(v.high(), v.low())));
        for (int r = 0; r < 32; r++) {
          assertThat(q.get(r)).isEqualTo(line(text, "Q%02d=".formatted(r)).substring(0, 33));
        }
      }
    }
    assertThat(((Aarch64) cpus.getFirst()).general().x().getFirst()).isEqualTo(0x1234);
    assertThat(((Aarch64) cpus.getFirst()).fp().q().get(3).low()).isEqualTo(0x1234);
  }

  @Test
  void aarch32StateIsGivenByFields() throws IOException {
    MachineVmstate machine = MachineVmstate.decode(DeviceCorpus.state("virt-10.0"));
    VmstatePath cpsr = VmstatePath.parse("cpu/1:cpsr");
    List<CpuRegisters> cpus = CpuRegisters.of(machine.with(cpsr, 0x1d3));
    assertThat(cpus.get(0)).isInstanceOf(Aarch64.class);
    assertThat(cpus.get(1)).isInstanceOf(Other.class);
  }

  private static long hex(String text, String name) {
    Matcher matcher = Pattern.compile(Pattern.quote(name) + "([0-9a-f]+)").matcher(text);
    assertThat(matcher.find()).as(name).isTrue();
    return Long.parseUnsignedLong(matcher.group(1), 16);
  }

  private static String line(String text, String name) {
    int at = text.indexOf(name);
    assertThat(at).as(name).isNotNegative();
    return text.substring(at + name.length(), text.indexOf('\n', at));
  }
}
