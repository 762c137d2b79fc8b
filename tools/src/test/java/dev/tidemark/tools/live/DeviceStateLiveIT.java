// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.stream.CheckpointStreamWriter;
import dev.tidemark.qmp.command.HumanMonitorCommand;
import dev.tidemark.qmp.command.MigrateIncoming;
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
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
      assertThat(cpu.segments().cs().selector()).isEqualTo((int) hex(text, "CS ="));
      assertThat(cpu.segments().gdt().base()).isEqualTo(hex(text, "GDT=     "));
      assertThat(cpu.control().cr0()).isEqualTo(hex(text, "CR0="));
      assertThat(cpu.control().efer()).isEqualTo(hex(text, "EFER="));
      assertThat(cpu.fpu().controlWord()).isEqualTo((int) hex(text, "FCW="));
      assertThat(cpu.fpu().mxcsr()).isEqualTo(hex(text, "MXCSR="));
    }
    // The two interrupt controllers: requests and masks.
    for (int pic = 0; pic < 2; pic++) {
      String text = pics.substring(pics.indexOf("pic" + pic + ": irr="));
      assertThat(number(machine, "i8259/" + pic + ":irr")).isEqualTo(hex(text, "irr="));
      assertThat(number(machine, "i8259/" + pic + ":imr")).isEqualTo(hex(text, "imr="));
      assertThat(number(machine, "i8259/" + pic + ":irq_base")).isEqualTo(hex(text, "irq_base="));
    }
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
      vm.client().execute(new MigrateIncoming("exec:cat " + changed));
      long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
      while (vm.client().execute(new QueryStatus()).status() == RunState.Known.INMIGRATE) {
        assertThat(System.nanoTime()).as("the stream is loaded").isLessThan(end);
        Thread.sleep(20);
      }
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
