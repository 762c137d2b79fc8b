// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.qmp.QmpAddress;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.QmpException;
import dev.tidemark.qmp.command.Cont;
import dev.tidemark.qmp.command.Migrate;
import dev.tidemark.qmp.command.MigrationStatus;
import dev.tidemark.qmp.command.QueryMigrate;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.qmp.command.Stop;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.restorer.preflight.PreflightRefused;
import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A VM that QEMU has saved into a stream comes back, beside the one that was saved.
@Timeout(240)
class RestorerLiveIT {
  private static final String BINARIES = "dev.tidemark.qmp.fixture.LiveQemu#binaries";
  private static final List<String> FIRMWARE_ONLY =
      List.of("-m", "32", "-serial", "file:{dir}/serial");
  private static final Pattern COUNT = Pattern.compile("count (\\d+)");

  @TempDir Path temporary;

  @ParameterizedTest
  @MethodSource(BINARIES)
  void aRunningVmRunsAgainBesideTheSavedOne(QemuBinary binary) throws Exception {
    try (LiveQemu saved = LiveQemu.start(binary, LiveQemu.linux("{dir}/serial"))) {
      saved.awaitFile("serial", text -> lastCount(text) > 3);
      try (Checkpoint checkpoint = save(saved, temporary.resolve("vm.stream"))) {
        long atSave = lastCount(Files.readString(saved.folder().resolve("serial")));
        Restoration vm = Restorer.of(checkpoint).launch();
        try {
          assertThat(vm.running()).isTrue();
          assertThat(vm.timings().bytesSent()).isPositive();
          assertThat(vm.replacements())
              .anySatisfy(r -> assertThat(r.was()).startsWith("-serial file:"));
          Path serial = vm.runFolder().orElseThrow().resolve("serial0.log");
          awaitCount(serial, atSave + 5);
          assertThat(serial).content().doesNotContain("ready");
          awaitCount(saved.folder().resolve("serial"), atSave + 5);
          assertThat(saved.client().execute(new QueryStatus()).running()).isTrue();
        } finally {
          end(vm);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void theConsoleOfARestoredVmTakesInput(QemuBinary binary) throws Exception {
    String console = "unix:{dir}/console,server=on,wait=off";
    try (LiveQemu saved = LiveQemu.start(binary, LiveQemu.linuxOn(console))) {
      try (SocketChannel terminal = connect(saved.folder().resolve("console"))) {
        awaitText(terminal, "count 3");
      }
      try (Checkpoint checkpoint = save(saved, temporary.resolve("vm.stream"))) {
        Restoration vm = Restorer.of(checkpoint).launch();
        try (SocketChannel terminal =
            connect(vm.runFolder().orElseThrow().resolve("serial0.sock"))) {
          terminal.write(ByteBuffer.wrap("echo a$((40+2))b\n".getBytes(StandardCharsets.US_ASCII)));
          awaitText(terminal, "a42b");
        } finally {
          end(vm);
        }
        assertThat(saved.folder().resolve("console")).exists();
        connect(saved.folder().resolve("console")).close();
      }
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void aVmStartedByHandComesBack(QemuBinary binary) throws Exception {
    Path folder = Files.createDirectory(temporary.resolve("hand"));
    Path qmp = folder.resolve("q");
    Path pidFile = folder.resolve("pid");
    List<String> arguments =
        List.of(
            "-nographic",
            "-accel",
            "tcg",
            "-m",
            "32M",
            "-usb",
            "-pidfile",
            "pid",
            "-qmp",
            "unix:q,server,nowait",
            "-netdev",
            "user,id=n",
            "-device",
            "e1000,netdev=n");
    Process saved =
        new ProcessBuilder(command(binary.path(), arguments))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("out").toFile())
            .start();
    try {
      awaitFile(pidFile);
      awaitSocket(qmp);
      Manifest.CommandLine line = commandLine(saved.pid());
      Path file = temporary.resolve("vm.stream");
      try (QmpClient client = QmpClient.connect(QmpAddress.unix(qmp))) {
        save(client, file);
      }
      try (Checkpoint checkpoint =
          ManifestCheckpoint.of(
              StreamCheckpoint.open(MemorySource.of(file)), binary.version(), line)) {
        Restoration vm = Restorer.of(checkpoint).launch();
        try {
          assertThat(vm.running()).isTrue();
          assertThat(vm.commandLine()).contains("graphics=off", "type=" + machine(checkpoint));
          assertThat(sessionOf(vm.process().orElseThrow())).isEqualTo(pid(vm));
          assertThat(vm.runFolder().orElseThrow().resolve("qemu.pid"))
              .content()
              .contains(Long.toString(pid(vm)));
          assertThat(pidFile).content().contains(Long.toString(saved.pid()));
          try (QmpClient client = QmpClient.connect(QmpAddress.unix(qmp))) {
            assertThat(client.execute(new QueryStatus()).running()).isTrue();
          }
        } finally {
          end(vm);
        }
      }
    } finally {
      saved.destroyForcibly().waitFor();
    }
  }

  private static String machine(Checkpoint checkpoint) {
    return checkpoint.configuration().machineType();
  }

  private static List<String> command(Path program, List<String> arguments) {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(arguments);
    return command;
  }

  private static void awaitFile(Path file) throws Exception {
    long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
    while (!Files.exists(file) || Files.size(file) == 0) {
      assertThat(System.nanoTime()).as("%s appears", file).isLessThan(end);
      Thread.sleep(20);
    }
  }

  /// The pid file is there before the sockets are, and a socket before it listens.
  private static void awaitSocket(Path socket) throws Exception {
    long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
    while (true) {
      try {
        QmpClient.connect(QmpAddress.unix(socket)).close();
        return;
      } catch (QmpException.ConnectFailed e) {
        assertThat(System.nanoTime()).as("%s", e).isLessThan(end);
        Thread.sleep(20);
      }
    }
  }

  private static long pid(Restoration vm) {
    return vm.process().orElseThrow().pid();
  }

  /// The sixth word of `stat`; the second one is a name in parentheses.
  private static long sessionOf(ProcessHandle process) throws IOException {
    String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
    return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[3]);
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void aVmStaysPausedIfAsked(QemuBinary binary) throws Exception {
    try (LiveQemu saved = LiveQemu.start(binary, FIRMWARE_ONLY);
        Checkpoint checkpoint = save(saved, temporary.resolve("vm.stream"))) {
      Restoration vm =
          Restorer.of(checkpoint).options(RestoreOptions.DEFAULT.withPaused(true)).launch();
      try {
        assertThat(vm.runState()).isEqualTo(RunState.Known.PAUSED);
        try (QmpClient qmp = QmpClient.connect(vm.qmp())) {
          qmp.execute(new Cont());
          assertThat(qmp.execute(new QueryStatus()).running()).isTrue();
        }
      } finally {
        end(vm);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void aVmThatWasPausedIsPaused(QemuBinary binary) throws Exception {
    try (LiveQemu saved = LiveQemu.start(binary, FIRMWARE_ONLY)) {
      saved.client().execute(new Stop());
      try (Checkpoint checkpoint = save(saved, temporary.resolve("vm.stream"))) {
        Restoration vm = Restorer.of(checkpoint).launch();
        try {
          assertThat(vm.runState()).isEqualTo(RunState.Known.PAUSED);
        } finally {
          end(vm);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void givenArgumentsAndAFolderAreTaken(QemuBinary binary) throws Exception {
    try (LiveQemu saved = LiveQemu.start(binary, FIRMWARE_ONLY);
        Checkpoint checkpoint = save(saved, temporary.resolve("vm.stream"))) {
      Path folder = temporary.resolve("run");
      List<String> arguments =
          List.of(
              binary.path().toString(),
              "-accel",
              "tcg",
              "-display",
              "none",
              "-nodefaults",
              "-m",
              "32",
              "-serial",
              "null",
              "-S");
      Restoration vm =
          Restorer.of(checkpoint)
              .options(
                  RestoreOptions.DEFAULT
                      .withTarget(new RestoreTarget.Given(arguments))
                      .withRunFolder(folder))
              .launch();
      try {
        assertThat(vm.runState()).isEqualTo(RunState.Known.PAUSED);
        assertThat(vm.runFolder()).contains(folder);
      } finally {
        end(vm);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void aWaitingQemuIsFed(QemuBinary binary) throws Exception {
    List<String> waiting = new ArrayList<>(FIRMWARE_ONLY);
    waiting.addAll(List.of("-incoming", "defer"));
    try (LiveQemu saved = LiveQemu.start(binary, FIRMWARE_ONLY);
        Checkpoint checkpoint = save(saved, temporary.resolve("vm.stream"));
        LiveQemu target = LiveQemu.start(binary, waiting)) {
      target.releaseMonitor();
      RestoreTarget where = new RestoreTarget.Waiting(target.qmpAddress());
      RestoreOptions paused = RestoreOptions.DEFAULT.withTarget(where).withPaused(true);
      Restoration vm = Restorer.of(checkpoint).options(paused).launch();
      assertThat(vm.runState()).isEqualTo(RunState.Known.PAUSED);
      assertThatThrownBy(() -> Restorer.of(checkpoint).options(paused).launch())
          .isInstanceOf(PreflightRefused.class)
          .hasMessageContaining("does not wait for a checkpoint (it is paused)");
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void anotherMachineTypeIsRefusedBeforeAnythingStarts(QemuBinary binary) throws Exception {
    try (LiveQemu saved = LiveQemu.start(binary, FIRMWARE_ONLY);
        Checkpoint checkpoint = save(saved, temporary.resolve("vm.stream"))) {
      Path folder = temporary.resolve("run");
      List<String> arguments =
          List.of(binary.path().toString(), "-accel", "tcg", "-M", "q35", "-m", "64");
      RestoreOptions options =
          RestoreOptions.DEFAULT
              .withTarget(new RestoreTarget.Given(arguments))
              .withRunFolder(folder);
      assertThatThrownBy(() -> Restorer.of(checkpoint).options(options).launch())
          .isInstanceOfSatisfying(
              PreflightRefused.class,
              e ->
                  assertThat(e.refusals())
                      .satisfiesExactly(
                          line -> assertThat(line).contains("machine type pc-i440fx-", "pc-q35-"),
                          line ->
                              assertThat(line).contains("gives 64 MiB").contains("has 32 MiB")));
      assertThat(folder).doesNotExist();
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void whatQemuRefusesIsToldInItsWords(QemuBinary binary) throws Exception {
    try (LiveQemu saved = LiveQemu.start(binary, FIRMWARE_ONLY);
        Checkpoint checkpoint = save(saved, temporary.resolve("vm.stream"))) {
      Path folder = temporary.resolve("run");
      List<String> arguments =
          List.of(
              binary.path().toString(),
              "-accel",
              "tcg",
              "-display",
              "none",
              "-nodefaults",
              "-m",
              "32");
      RestoreOptions options =
          RestoreOptions.DEFAULT
              .withTarget(new RestoreTarget.Given(arguments))
              .withRunFolder(folder);
      assertThatThrownBy(() -> Restorer.of(checkpoint).options(options).launch())
          .isInstanceOfSatisfying(
              RestoreFailed.class,
              e -> assertThat(String.join("\n", e.output())).contains("serial"));
      assertThat(folder).doesNotExist();
      assertNoQemuNames(folder);
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void aCommandLineThatQemuRefusesIsToldInItsWords(QemuBinary binary) throws Exception {
    try (LiveQemu saved = LiveQemu.start(binary, FIRMWARE_ONLY);
        Checkpoint checkpoint = save(saved, temporary.resolve("vm.stream"))) {
      List<String> arguments =
          List.of(binary.path().toString(), "-accel", "tcg", "-m", "32", "-device", "no-such");
      RestoreOptions options =
          RestoreOptions.DEFAULT.withTarget(new RestoreTarget.Given(arguments));
      assertThatThrownBy(() -> Restorer.of(checkpoint).options(options).launch())
          .isInstanceOf(RestoreFailed.class)
          .hasMessageContaining("'no-such' is not a valid device model name");
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void aDamagedCheckpointLeavesNoQemuBehind(QemuBinary binary) throws Exception {
    try (LiveQemu saved = LiveQemu.start(binary, FIRMWARE_ONLY);
        Checkpoint checkpoint = save(saved, temporary.resolve("vm.stream"))) {
      Path folder = temporary.resolve("run");
      StreamException damage =
          new StreamException.Malformed("checksum is wrong", 0x1234, "device state");
      Checkpoint damaged = new BrokenOff(checkpoint, damage);
      RestoreOptions options = RestoreOptions.DEFAULT.withRunFolder(folder);
      Throwable thrown = catchThrowable(() -> Restorer.of(damaged).options(options).launch());
      assertThat(thrown).isSameAs(damage);
      assertThat(folder).doesNotExist();
      assertNoQemuNames(folder);
      assertThat(saved.client().execute(new QueryStatus()).running()).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void devicesInNonsenseStateFailCleanly(QemuBinary binary) throws Exception {
    try (LiveQemu saved = LiveQemu.start(binary, FIRMWARE_ONLY)) {
      Path file = temporary.resolve("vm.stream");
      save(saved, file).close();
      MemorySource bytes = MemorySource.of(file);
      flipVersionOfSerial(bytes.bytes());
      Path folder = temporary.resolve("run");
      RestoreOptions options = RestoreOptions.DEFAULT.withRunFolder(folder);
      try (Checkpoint checkpoint = withManifest(StreamCheckpoint.open(bytes), saved)) {
        assertThatThrownBy(() -> Restorer.of(checkpoint).options(options).launch())
            .isInstanceOf(RestoreFailed.class);
      }
      assertNoQemuNames(folder);
    }
  }

  /// The section's version id follows its name `serial` and the instance id.
  private static void flipVersionOfSerial(MemorySegment stream) {
    byte[] bytes = stream.toArray(ValueLayout.JAVA_BYTE);
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int name = text.indexOf("\u0006serial");
    assertThat(name).isPositive();
    stream.set(ValueLayout.JAVA_BYTE, name + 7 + 4 + 3, (byte) 99);
  }

  private static Checkpoint save(LiveQemu vm, Path file) throws Exception {
    save(vm.client(), file);
    return withManifest(StreamCheckpoint.open(MemorySource.of(file)), vm);
  }

  private static void save(QmpClient qmp, Path file) throws Exception {
    boolean running = qmp.execute(new QueryStatus()).running();
    qmp.execute(new Migrate("exec:cat > " + file));
    long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
    while (!qmp.execute(new QueryMigrate()).status().isOver()) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(10);
    }
    assertThat(qmp.execute(new QueryMigrate()).status()).isEqualTo(MigrationStatus.Known.COMPLETED);
    if (running) {
      qmp.execute(new Cont());
    }
  }

  private static Checkpoint withManifest(Checkpoint checkpoint, LiveQemu vm) throws IOException {
    return ManifestCheckpoint.of(
        checkpoint, vm.binary().version(), commandLine(vm.process().pid()));
  }

  private static Manifest.CommandLine commandLine(long pid) throws IOException {
    Path proc = Path.of("/proc", Long.toString(pid));
    String[] words = Files.readString(proc.resolve("cmdline")).split("\0", -1);
    return new Manifest.CommandLine(
        proc.resolve("exe").toRealPath().toString(),
        List.of(words).subList(1, words.length - 1),
        proc.resolve("cwd").toRealPath().toString(),
        List.of());
  }

  private static long lastCount(String console) {
    return COUNT
        .matcher(console)
        .results()
        .map(MatchResult::group)
        .map(s -> s.substring(6))
        .mapToLong(Long::parseLong)
        .max()
        .orElse(0);
  }

  private static void awaitCount(Path console, long count) throws Exception {
    long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
    while (!Files.exists(console) || lastCount(Files.readString(console)) < count) {
      assertThat(System.nanoTime()).as("%s reaches %s", console, count).isLessThan(end);
      Thread.sleep(50);
    }
  }

  private static SocketChannel connect(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
    return channel;
  }

  private static void awaitText(SocketChannel terminal, String wanted) throws Exception {
    terminal.configureBlocking(false);
    StringBuilder seen = new StringBuilder();
    ByteBuffer buffer = ByteBuffer.allocate(4096);
    long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
    while (seen.indexOf(wanted) < 0) {
      assertThat(System.nanoTime()).as("awaiting %s in %s", wanted, seen).isLessThan(end);
      terminal.read(buffer.clear());
      seen.append(StandardCharsets.ISO_8859_1.decode(buffer.flip()));
      Thread.sleep(20);
    }
  }

  private static void assertNoQemuNames(Path folder) {
    assertThat(ProcessHandle.allProcesses())
        .noneMatch(p -> p.info().commandLine().orElse("").contains(folder.toString()));
  }

  private static void end(Restoration vm) throws Exception {
    ProcessHandle process = vm.process().orElseThrow();
    process.destroyForcibly();
    process.onExit().get(30, java.util.concurrent.TimeUnit.SECONDS);
    try (var files = Files.newDirectoryStream(vm.runFolder().orElseThrow())) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    Files.delete(vm.runFolder().orElseThrow());
    assertThat(vm.timings().untilDone()).isGreaterThan(Duration.ZERO);
  }
}
