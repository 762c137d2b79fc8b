// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.stream.CheckpointStreamWriter;
import dev.tidemark.qmp.command.HumanMonitorCommand;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.qmp.command.Stop;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.vmstate.CpuRegisters;
import dev.tidemark.stream.vmstate.MachineVmstate;
import dev.tidemark.stream.vmstate.VmstatePath;
import dev.tidemark.stream.vmstate.VmstateValue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Registers and devices as QEMU shows them are those in a checkpoint; one that is changed there is
/// what a restored VM has.
@Timeout(180)
class DeviceStateLiveIT {
  private static final List<String> MACHINE = List.of("-m", "16", "-smp", "2");
  private static final long MARK = 0x1234_5678L;

  @TempDir Path folder;

  @ParameterizedTest
  @MethodSource("dev.tidemark.qmp.fixture.LiveQemu#binaries")
  void registersAreThoseThatQemuShows(QemuBinary binary) throws Exception {
    Path file = folder.resolve("vm.tmk");
    String[] shown;
    String pics;
    try (LiveQemu vm = LiveQemu.start(binary, MACHINE)) {
      Thread.sleep(500);
      vm.client().execute(new Stop());
      shown =
          vm.client().execute(new HumanMonitorCommand("info registers -a")).split("CPU#\\d+", -1);
      pics = vm.client().execute(new HumanMonitorCommand("info pic"));
      vm.releaseMonitor();
      Commands.save(vm.qmpPath(), file);
    }
    MachineVmstate machine = decode(file);
    assertThat(machine.rest()).isEmpty();
    List<CpuRegisters> cpus = CpuRegisters.of(machine);
    assertThat(cpus).hasSize(2).hasSize(shown.length - 1);
    for (int i = 0; i < cpus.size(); i++) {
      CpuRegisters.X86 cpu = (CpuRegisters.X86) cpus.get(i);
      String text = shown[i + 1];
      CpuRegisters.X86.General general = cpu.general();
      assertThat(general.rax()).isEqualTo(hex(text, "EAX="));
      assertThat(general.rbx()).isEqualTo(hex(text, "EBX="));
      assertThat(general.rcx()).isEqualTo(hex(text, "ECX="));
      assertThat(general.rdx()).isEqualTo(hex(text, "EDX="));
      assertThat(general.rsi()).isEqualTo(hex(text, "ESI="));
      assertThat(general.rdi()).isEqualTo(hex(text, "EDI="));
      assertThat(general.rbp()).isEqualTo(hex(text, "EBP="));
      assertThat(general.rsp()).isEqualTo(hex(text, "ESP="));
      assertThat(general.rip()).isEqualTo(hex(text, "EIP="));
      assertThat(general.rflags()).isEqualTo(hex(text, "EFL="));
      CpuRegisters.X86.Segments segments = cpu.segments();
      assertSegment(segments.es(), text, "ES");
      assertSegment(segments.cs(), text, "CS");
      assertSegment(segments.ss(), text, "SS");
      assertSegment(segments.ds(), text, "DS");
      assertSegment(segments.fs(), text, "FS");
      assertSegment(segments.gs(), text, "GS");
      assertSegment(segments.ldt(), text, "LDT");
      assertSegment(segments.tr(), text, "TR");
      assertThat(segments.gdt().base()).isEqualTo(hex(text, "GDT=     "));
      assertThat(segments.idt().base()).isEqualTo(hex(text, "IDT=     "));
      assertThat(cpu.control().cr0()).isEqualTo(hex(text, "CR0="));
      assertThat(cpu.control().cr2()).isEqualTo(hex(text, "CR2="));
      assertThat(cpu.control().cr3()).isEqualTo(hex(text, "CR3="));
      assertThat(cpu.control().cr4()).isEqualTo(hex(text, "CR4="));
      assertThat(cpu.control().efer()).isEqualTo(hex(text, "EFER="));
      assertThat(cpu.fpu().controlWord()).isEqualTo((int) hex(text, "FCW="));
      assertThat(cpu.fpu().mxcsr()).isEqualTo(hex(text, "MXCSR="));
      for (int r = 0; r < 8; r++) {
        CpuRegisters.X86.X87 x87 = cpu.fpu().registers().get(r);
        assertThat(text).contains("FPR%d=%016x %04x".formatted(r, x87.mantissa(), x87.exponent()));
        List<Long> xmm = cpu.fpu().vectors().get(r).quads();
        assertThat(text).contains("XMM0%d=%016x %016x".formatted(r, xmm.get(1), xmm.get(0)));
      }
    }
    // The two interrupt controllers: requests and masks.
    for (int pic = 0; pic < 2; pic++) {
      String text = pics.substring(pics.indexOf("pic" + pic + ": irr="));
      assertThat(number(machine, "i8259/" + pic + ":irr")).isEqualTo(hex(text, "irr="));
      assertThat(number(machine, "i8259/" + pic + ":imr")).isEqualTo(hex(text, "imr="));
      assertThat(number(machine, "i8259/" + pic + ":irq_base")).isEqualTo(hex(text, "irq_base="));
    }
  }

  private static void assertSegment(CpuRegisters.X86.Segment segment, String text, String name) {
    assertThat(text)
        .contains(
            "%-3s=%04x %08x %08x %08x"
                .formatted(
                    name,
                    segment.selector(),
                    segment.base(),
                    segment.limit(),
                    // Its lowest 8 bits are no part of it.
                    segment.flags() & 0xffff_ff00L));
  }

  @Test
  void registersOfArmAreThoseThatQemuShows() throws Exception {
    Path file = folder.resolve("vm.tmk");
    Files.write(folder.resolve("guest"), armGuest());
    String[] shown;
    try (LiveQemu vm =
        LiveQemu.start(
            LiveQemu.aarch64(),
            List.of(
                "-machine",
                "virt",
                "-cpu",
                "cortex-a57",
                "-m",
                "16",
                "-smp",
                "2",
                "-device",
                "loader,cpu-num=0,addr=0x40100000,file=" + folder.resolve("guest")))) {
      Thread.sleep(500);
      vm.client().execute(new Stop());
      shown =
          vm.client().execute(new HumanMonitorCommand("info registers -a")).split("CPU#\\d+", -1);
      vm.releaseMonitor();
      Commands.save(vm.qmpPath(), file);
    }
    MachineVmstate machine = decode(file);
    assertThat(machine.rest()).isEmpty();
    List<CpuRegisters> cpus = CpuRegisters.of(machine);
    assertThat(cpus).hasSize(2).hasSize(shown.length - 1);
    for (int i = 0; i < cpus.size(); i++) {
      CpuRegisters.Aarch64 cpu = (CpuRegisters.Aarch64) cpus.get(i);
      String text = shown[i + 1];
      assertThat(cpu.general().x()).hasSize(31);
      for (int r = 0; r < 31; r++) {
        assertThat(cpu.general().x().get(r)).isEqualTo(hex(text, "X%02d=".formatted(r)));
      }
      assertThat(cpu.general().sp()).isEqualTo(hex(text, " SP="));
      assertThat(cpu.general().pc()).isEqualTo(hex(text, "PC="));
      assertThat(cpu.general().pstate()).isEqualTo(hex(text, "PSTATE="));
    }
    CpuRegisters.Aarch64 first = (CpuRegisters.Aarch64) cpus.getFirst();
    for (int r = 0; r < 32; r++) {
      CpuRegisters.Aarch64.Vector q = first.fp().q().get(r);
      assertThat(shown[1]).contains("Q%02d=%016x:%016x".formatted(r, q.high(), q.low()));
    }
    assertThat(first.fp().fpcr()).isEqualTo(hex(shown[1], "FPCR="));
    assertThat(first.fp().fpsr()).isEqualTo(hex(shown[1], "FPSR="));
    // The guest ran.
    assertThat(first.general().x().getFirst()).isEqualTo(0x1234);
    assertThat(first.fp().q().get(3).high()).isEqualTo(0x1234);
  }

  /// Puts 0x1234 into X0, SP and both halves of Q3, and halts.
  private static byte[] armGuest() {
    int[] code = {
      0xd280_0000 | 0x1234 << 5, // movz x0, #0x1234
      0xd2a0_0601, // movz x1, #0x30, lsl #16
      0xd518_1041, // msr cpacr_el1, x1: floating point is allowed
      0xd503_3fdf, // isb
      0x9e67_0003, // fmov d3, x0
      0x9eaf_0003, // fmov v3.d[1], x0
      0x9100_001f, // mov sp, x0
      0xd503_207f, // wfi
      0x17ff_ffff // b to the wfi
    };
    ByteBuffer bytes = ByteBuffer.allocate(4 * code.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(code);
    return bytes.array();
  }

  @ParameterizedTest
  @MethodSource("dev.tidemark.qmp.fixture.LiveQemu#binaries")
  void aRegisterThatIsChangedComesBackChanged(QemuBinary binary) throws Exception {
    Path file = folder.resolve("vm.tmk");
    Path changed = folder.resolve("changed");
    try (LiveQemu vm = LiveQemu.start(binary, MACHINE)) {
      Thread.sleep(500);
      vm.client().execute(new Stop());
      vm.releaseMonitor();
      Commands.save(vm.qmpPath(), file);
    }
    VmstatePath register = VmstatePath.parse("cpu/1:env.regs[3]");
    VmstatePath cmos = VmstatePath.parse("mc146818rtc/0:cmos_data");
    try (Checkpoint checkpoint = Checkpoint.open(file);
        CheckpointStream stream = checkpoint.stream();
        FileChannel out =
            FileChannel.open(changed, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      CheckpointStreamWriter.write(
          new Changed(stream, register), out, CheckpointStreamWriter.Options.DEFAULT);
    }
    try (LiveQemu vm = LiveQemu.start(binary, incoming())) {
      vm.releaseMonitor();
      Commands.good("restore", "--quiet", "--qmp", vm.qmpPath(), changed);
      assertThat(vm.client().execute(new QueryStatus()).status()).isEqualTo(RunState.Known.PAUSED);
      String[] shown =
          vm.client().execute(new HumanMonitorCommand("info registers -a")).split("CPU#\\d+", -1);
      assertThat(hex(shown[2], "EBX=")).isEqualTo(MARK);
      assertThat(hex(shown[1], "EBX=")).isNotEqualTo(MARK);
    }
    assertThat(decode(changed).find(cmos)).isEqualTo(decode(file).find(cmos));
    assertThat(Commands.good("diff", "--devices", file, changed).out())
        .startsWith(register + "  ")
        .contains("0x" + Long.toHexString(MARK) + "\n1 difference\n");
  }

  /// A checkpoint with one register changed.
  private record Changed(CheckpointStream stream, VmstatePath path) implements CheckpointStream {
    @Override
    public MachineConfiguration configuration() {
      return stream.configuration();
    }

    @Override
    public List<RamBlock> ramBlocks() {
      return stream.ramBlocks();
    }

    @Override
    public int targetPageSize() {
      return stream.targetPageSize();
    }

    @Override
    public boolean eachPageOnce() {
      return stream.eachPageOnce();
    }

    @Override
    public boolean footers() {
      return stream.footers();
    }

    @Override
    public byte[] earlySections() throws IOException {
      return stream.earlySections();
    }

    @Override
    public void forEachPage(PageVisitor visitor) throws IOException {
      stream.forEachPage(visitor);
    }

    @Override
    public DeviceState deviceState() throws IOException {
      return MachineVmstate.decode(stream.deviceState()).with(path, MARK).encode();
    }

    @Override
    public void close() {
      // The owner of the stream closes it.
    }
  }

  private static List<String> incoming() {
    List<String> arguments = new ArrayList<>(MACHINE);
    arguments.addAll(List.of("-incoming", "defer"));
    return arguments;
  }

  private static MachineVmstate decode(Path file) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      return MachineVmstate.decode(checkpoint.deviceState());
    }
  }

  private static long number(MachineVmstate machine, String path) {
    return ((VmstateValue.Scalar) machine.find(VmstatePath.parse(path)).orElseThrow()).value();
  }

  private static long hex(String text, String name) {
    Matcher matcher = Pattern.compile(Pattern.quote(name) + "([0-9a-f]+)").matcher(text);
    assertThat(matcher.find()).as(name).isTrue();
    return Long.parseUnsignedLong(matcher.group(1), 16);
  }
}
