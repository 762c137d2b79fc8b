// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.elfcore.ElfCoreWriter;
import dev.tidemark.checkpoint.memory.GuestMemory;
import dev.tidemark.checkpoint.memory.MemoryMap;
import dev.tidemark.checkpoint.memory.MemoryRange;
import dev.tidemark.checkpoint.raw.RawWriter;
import dev.tidemark.checkpoint.stream.CheckpointStreamWriter;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.HumanMonitorCommand;
import dev.tidemark.qmp.command.MigrationStatus;
import dev.tidemark.qmp.command.QomGet;
import dev.tidemark.qmp.command.QueryMigrate;
import dev.tidemark.qmp.command.Raw;
import dev.tidemark.qmp.command.Stop;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonString;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.tools.demo.DemoGuest;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The ELF core of a checkpoint is what `dump-guest-memory` writes of the same VM; memory maps by
/// rule are those that QEMU shows.
@Timeout(180)
class ElfCoreLiveIT {
  private static final int EM_386 = 3;
  private static final int EM_X86_64 = 62;
  private static final int EM_AARCH64 = 183;
  private static final long MIB = 1 << 20;
  private static final long MARK = 0x1122_3344_5566_7788L;

  /// What a machine with and without a VGA shows differently, and what a guest switches.
  private static final long VGA = 0xa_0000;

  @TempDir Path folder;

  /// A checkpoint of a stopped VM, and what that VM's QEMU said.
  private record Stopped(Path checkpoint, Path dump, String registers, byte[] memory) {}

  private Stopped stop(LiveQemu vm) throws Exception {
    Path checkpoint = folder.resolve("vm.tmk");
    Path dump = folder.resolve("dump");
    Path memory = folder.resolve("memory");
    QmpClient qmp = vm.client();
    qmp.execute(new Stop());
    qmp.execute(
        new Raw("dump-guest-memory", JsonObject.of("paging", false, "protocol", "file:" + dump)));
    String registers = qmp.execute(new HumanMonitorCommand("info registers -a"));
    qmp.execute(new HumanMonitorCommand("pmemsave 0x100000 32 \"" + memory + "\""));
    // Last, since 7.2 cannot put a paused VM back without letting it run for a moment.
    vm.releaseMonitor();
    Commands.save(vm.qmpPath(), checkpoint);
    return new Stopped(checkpoint, dump, registers, Files.readAllBytes(memory));
  }

  private ElfCoreWriter.Result write(Path checkpoint, Path core) throws IOException {
    try (Checkpoint in = Checkpoint.open(checkpoint);
        FileTarget out = FileTarget.create(core, FileTarget.Options.DEFAULT)) {
      ElfCoreWriter.Result result =
          ElfCoreWriter.write(in, MemoryMap.of(in), out, ElfCoreWriter.Options.DEFAULT);
      out.commit();
      return result;
    }
  }

  private static void assertSameCore(Path core, Path dump) throws IOException {
    ElfFile ours = ElfFile.read(core);
    ElfFile qemus = ElfFile.read(dump);
    assertThat(ours.machine()).isEqualTo(qemus.machine());
    assertThat(ours.headerSize()).isEqualTo(64);
    assertThat(ours.loads().stream().map(ElfFile.Load::anywhere))
        .isEqualTo(qemus.loads().stream().map(ElfFile.Load::anywhere).toList());
    for (ElfFile.Load load : qemus.loads()) {
      assertThat(ours.mismatch(core, qemus, dump, load.physical(), load.size()))
          .as("memory at 0x%x", load.physical())
          .isEqualTo(-1);
    }
    assertThat(ours.notes().stream().map(ElfFile.Note::kind))
        .isEqualTo(qemus.notes().stream().map(ElfFile.Note::kind).toList());
    for (int i = 0; i < qemus.notes().size(); i++) {
      assertThat(ours.notes().get(i).content())
          .as("note %s", qemus.notes().get(i).kind())
          .isEqualTo(qemus.notes().get(i).content());
    }
  }

  private List<String> demoGuest() throws IOException {
    Path program = folder.resolve("guest.elf");
    try (InputStream in = DemoGuest.class.getResourceAsStream("guest.elf")) {
      Files.copy(Objects.requireNonNull(in), program);
    }
    return List.of(
        "-m",
        "32",
        "-smp",
        "2",
        "-vga",
        "std",
        "-kernel",
        program.toString(),
        "-append",
        DemoGuest.DEFAULT.withWorkingSet(4 * MIB).parameters(),
        "-serial",
        "file:{dir}/serial");
  }

  @ParameterizedTest
  @MethodSource("dev.tidemark.qmp.fixture.LiveQemu#binaries")
  void aCoreIsAsQemuDumpsIt(QemuBinary binary) throws Exception {
    Stopped vm;
    try (LiveQemu qemu = LiveQemu.start(binary, demoGuest())) {
      qemu.awaitFile("serial", text -> text.contains("tick"));
      vm = stop(qemu);
    }
    Path core = folder.resolve("core");
    ElfCoreWriter.Result result = write(vm.checkpoint(), core);
    assertThat(ElfFile.read(core).machine()).isEqualTo(EM_X86_64);
    assertThat(result.cpus()).isEqualTo(2);
    assertSameCore(core, vm.dump());
    assertThat(result.warnings()).allMatch(w -> w.startsWith("RAM block "));
    assertThat(Files.getPosixFilePermissions(core)).hasSize(2);
    assertReadelfIsContent(core);
    assertGdbShows(core, vm);
    assertBareStream(vm);
  }

  /// Without a manifest main RAM is the same, but for what the guest can switch.
  private void assertBareStream(Stopped vm) throws IOException {
    Path stream = folder.resolve("stream");
    try (Checkpoint in = Checkpoint.open(vm.checkpoint());
        CheckpointStream pages = in.stream();
        FileChannel out =
            FileChannel.open(stream, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      CheckpointStreamWriter.write(pages, out, CheckpointStreamWriter.Options.DEFAULT);
    }
    Path core = folder.resolve("bare");
    ElfCoreWriter.Result result = write(stream, core);
    assertThat(result.warnings())
        .anyMatch(w -> w.contains("vga.vram\" is missing: its guest-physical address"));
    ElfFile ours = ElfFile.read(core);
    ElfFile qemus = ElfFile.read(vm.dump());
    assertThat(ours.notes().stream().map(ElfFile.Note::kind))
        .isEqualTo(qemus.notes().stream().map(ElfFile.Note::kind).toList());
    assertThat(ours.mismatch(core, qemus, vm.dump(), 0, VGA)).isEqualTo(-1);
    assertThat(ours.mismatch(core, qemus, vm.dump(), MIB, 31 * MIB)).isEqualTo(-1);
    assertThat(ours.mismatch(core, qemus, vm.dump(), 0xfffc_0000L, 0x4_0000)).isEqualTo(-1);
    assertRaw(stream, qemus, vm.dump());
  }

  private void assertRaw(Path stream, ElfFile qemus, Path dump) throws IOException {
    Path raw = folder.resolve("raw");
    Path main = folder.resolve("pc.ram.raw");
    try (Checkpoint in = Checkpoint.open(stream);
        FileTarget out = FileTarget.create(raw, FileTarget.Options.DEFAULT);
        FileTarget block = FileTarget.create(main, FileTarget.Options.DEFAULT)) {
      long size = RawWriter.physical(in, MemoryMap.of(in), out, Progress.NONE);
      assertThat(size).isEqualTo(1L << 32);
      out.commit();
      RawWriter.block(in, in.ramBlocks().getFirst(), block, Progress.NONE);
      block.commit();
    }
    // The whole file as one load: offsets are addresses.
    ElfFile flat =
        new ElfFile(0, 0, List.of(), List.of(new ElfFile.Load(0, 0, 1L << 32, 1L << 32, 0)));
    assertThat(flat.mismatch(raw, qemus, dump, 0, VGA)).isEqualTo(-1);
    assertThat(flat.mismatch(raw, qemus, dump, MIB, 31 * MIB)).isEqualTo(-1);
    assertThat(flat.mismatch(raw, qemus, dump, 0xfffc_0000L, 0x4_0000)).isEqualTo(-1);
    assertThat(Files.size(main)).isEqualTo(32 * MIB);
    assertThat(flat.mismatch(main, qemus, dump, MIB, 31 * MIB)).isEqualTo(-1);
  }

  private static void assertReadelfIsContent(Path core) throws Exception {
    String out = run("readelf", "-lnhW", core.toString());
    assertThat(out)
        .contains("NT_PRSTATUS", "CORE (Core file)")
        .doesNotContainIgnoringCase("warning", "error");
  }

  private static void assertGdbShows(Path core, Stopped vm) throws Exception {
    String out =
        run(
            "gdb",
            "-nx",
            "-batch",
            "-ex",
            "core-file " + core,
            "-ex",
            "thread 1",
            "-ex",
            "info registers",
            "-ex",
            "x/4gx 0x100000");
    String registers = vm.registers().split("CPU#\\d+", -1)[1];
    for (String name :
        List.of(
            "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12",
            "r13", "r14", "r15", "rip")) {
      String label = name.toUpperCase(java.util.Locale.ROOT);
      long shown = hex(registers, (label.length() == 2 ? label + " " : label) + "=");
      assertThat(out).containsPattern("(?m)^" + name + " +0x" + Long.toHexString(shown) + "\\b");
    }
    ByteBuffer memory = ByteBuffer.wrap(vm.memory()).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(out)
        .contains(
            "0x100000:\t0x%016x\t0x%016x\n".formatted(memory.getLong(0), memory.getLong(8)),
            "0x100010:\t0x%016x\t0x%016x\n".formatted(memory.getLong(16), memory.getLong(24)));
  }

  @Test
  void aGuestInRealModeIsDumpedAsI386() throws Exception {
    Stopped vm;
    try (LiveQemu qemu =
        LiveQemu.start(LiveQemu.installed().getFirst(), List.of("-m", "16", "-smp", "2"))) {
      Thread.sleep(300);
      vm = stop(qemu);
    }
    Path core = folder.resolve("core");
    write(vm.checkpoint(), core);
    assertThat(ElfFile.read(core).machine()).isEqualTo(EM_386);
    assertSameCore(core, vm.dump());
  }

  @Test
  void aCoreOfArmIsAsQemuDumpsIt() throws Exception {
    Files.write(folder.resolve("guest"), armGuest());
    Stopped vm;
    try (LiveQemu qemu =
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
      Thread.sleep(300);
      vm = stop(qemu);
    }
    Path core = folder.resolve("core");
    ElfCoreWriter.Result result = write(vm.checkpoint(), core);
    assertThat(result.cpus()).isEqualTo(2);
    assertThat(ElfFile.read(core).machine()).isEqualTo(EM_AARCH64);
    assertSameCore(core, vm.dump());
    assertReadelfIsContent(core);
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

  @Test
  void ramAboveTheHoleStandsAt4GiB() throws Exception {
    Path stream = folder.resolve("stream");
    long[] addresses = {0x7fff_f008L, 0x1_0000_0000L, 0x1_5fff_fff8L};
    List<String> arguments = new ArrayList<>(List.of("-machine", "q35", "-m", "3584M"));
    for (long address : addresses) {
      arguments.add("-device");
      arguments.add("loader,addr=0x%x,data=0x%x,data-len=8".formatted(address, MARK ^ address));
    }
    arguments.add("-S");
    try (LiveQemu qemu = LiveQemu.start(LiveQemu.installed().getFirst(), arguments)) {
      QmpClient qmp = qemu.client();
      qmp.execute(new Raw("migrate", JsonObject.of("uri", "exec:cat > " + stream)));
      while (!(qmp.execute(new QueryMigrate()).status() == MigrationStatus.Known.COMPLETED)) {
        Thread.sleep(20);
      }
    }
    try (Checkpoint in = Checkpoint.open(stream)) {
      GuestMemory memory = new GuestMemory(in, MemoryMap.of(in));
      for (long address : addresses) {
        assertThat(word(memory, address)).isEqualTo(MARK ^ address);
      }
      assertThat(memory.map().ranges())
          .filteredOn(range -> range.block().idstr().equals("pc.ram"))
          .last()
          .satisfies(
              range -> {
                assertThat(range.start()).isEqualTo(1L << 32);
                assertThat(range.blockOffset()).isEqualTo(1L << 31);
                assertThat(range.length()).isEqualTo(1536 * MIB);
              });
      Path core = folder.resolve("core");
      try (FileTarget out = FileTarget.create(core, FileTarget.Options.DEFAULT)) {
        ElfCoreWriter.write(in, memory.map(), out, ElfCoreWriter.Options.DEFAULT);
        out.commit();
      }
      // Mostly zero, so mostly holes.
      assertThat(blocksOf(core)).isLessThan(16 * MIB);
    }
  }

  private static long blocksOf(Path file) throws Exception {
    return 512 * Long.parseLong(run("stat", "-c", "%b", file.toString()).trim());
  }

  private static long word(GuestMemory memory, long address) throws IOException {
    byte[] bytes = new byte[8];
    assertThat(memory.read(address, MemorySegment.ofArray(bytes))).isEqualTo(8);
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  /// A machine of some size.
  record Machine(QemuBinary binary, String type, String memory) {
    @Override
    public String toString() {
      return binary + " " + type + " " + memory;
    }
  }

  static Stream<Machine> machines() {
    List<Machine> machines = new ArrayList<>();
    for (String memory : List.of("1G", "2816M", "3G", "3584M", "5G")) {
      for (QemuBinary binary : LiveQemu.installed()) {
        machines.add(new Machine(binary, "pc", memory));
        machines.add(new Machine(binary, "q35", memory));
        if (binary.isAtLeast(10, 0)) {
          machines.add(new Machine(binary, "microvm", memory));
        } else {
          machines.add(new Machine(binary, "pc-i440fx-1.7", memory));
        }
      }
      machines.add(new Machine(LiveQemu.aarch64(), "virt", memory));
    }
    machines.add(new Machine(LiveQemu.installed().getFirst(), "isapc", "64M"));
    machines.add(new Machine(LiveQemu.aarch64(), "sbsa-ref", "1G"));
    return machines.stream();
  }

  @ParameterizedTest
  @MethodSource
  void machines(Machine machine) throws Exception {
    assertMapByRule(machine, List.of());
  }

  @Test
  void backendsTakeThePlaceOfMainRam() throws Exception {
    QemuBinary binary = LiveQemu.installed().getFirst();
    Machine machine = new Machine(binary, "q35", "3G");
    assertMapByRule(
        machine,
        List.of("-object", "memory-backend-ram,size=3G,id=mem", "-machine", "memory-backend=mem"));
    assertMapByRule(
        machine,
        List.of(
            "-object",
            "memory-backend-ram,size=2560M,id=ram-node0",
            "-object",
            "memory-backend-ram,size=512M,id=ram-node1",
            "-numa",
            "node,memdev=ram-node0",
            "-numa",
            "node,memdev=ram-node1"));
  }

  private static void assertMapByRule(Machine machine, List<String> more) throws Exception {
    List<String> arguments =
        new ArrayList<>(List.of("-machine", machine.type(), "-m", machine.memory(), "-S"));
    if (machine.type().equals("isapc")) {
      arguments.addAll(List.of("-cpu", "qemu32"));
    }
    arguments.addAll(more);
    try (LiveQemu qemu = LiveQemu.start(machine.binary(), arguments)) {
      QmpClient qmp = qemu.client();
      String type = ((JsonString) qmp.execute(new QomGet("/machine", "type"))).value();
      List<RamBlock> blocks = blocks(qmp.execute(new HumanMonitorCommand("info ramblock")));
      List<String> shown = qmp.execute(new HumanMonitorCommand("info mtree -f")).lines().toList();
      MemoryMap byRule = MemoryMap.ofMachine(type.replaceFirst("-machine$", ""), blocks);
      MemoryMap byQemu = MemoryMap.ofMtree(shown, blocks);
      assertThat(byQemu.absent()).isEmpty();
      assertThat(withoutSwitched(byRule)).isEqualTo(withoutSwitched(byQemu)).isNotEmpty();
      assertThat(MemoryMap.parse(byQemu.lines(), blocks).lines()).isEqualTo(byQemu.lines());
    }
  }

  /// What is dumped outside of 0xA0000 to 0xFFFFF.
  private static List<String> withoutSwitched(MemoryMap map) {
    List<String> parts = new ArrayList<>();
    for (MemoryRange range : map.dumped()) {
      long[][] around = {{0, VGA}, {MIB, Long.MAX_VALUE}};
      for (long[] allowed : around) {
        long start = Math.max(range.start(), allowed[0]);
        long end = Math.min(range.end(), allowed[1]);
        if (start < end) {
          parts.add(
              "0x%x 0x%x %s 0x%x"
                  .formatted(
                      start,
                      end,
                      range.block().idstr(),
                      range.blockOffset() + start - range.start()));
        }
      }
    }
    return parts;
  }

  /// What `info ramblock` shows: name, page size, offset, used length, total.
  private static List<RamBlock> blocks(String text) {
    List<RamBlock> blocks = new ArrayList<>();
    Pattern line = Pattern.compile("(?m)^ *(\\S+) +\\d+ KiB +0x\\w+ +0x(\\w+) +0x\\w+");
    for (MatchResult match : line.matcher(text).results().toList()) {
      blocks.add(
          new RamBlock(blocks.size(), match.group(1), Long.parseUnsignedLong(match.group(2), 16)));
    }
    return blocks;
  }

  private static long hex(String text, String name) {
    Matcher matcher = Pattern.compile(Pattern.quote(name) + "([0-9a-f]+)").matcher(text);
    assertThat(matcher.find()).as(name).isTrue();
    return Long.parseUnsignedLong(matcher.group(1), 16);
  }

  /// What a program prints, errors included.
  private static String run(String... command) throws Exception {
    Commands.need(Commands.exitCode(command[0], "--version") == 0, "there is no " + command[0]);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("exit code of %s: %s", command[0], out).isZero();
    return out;
  }
}
