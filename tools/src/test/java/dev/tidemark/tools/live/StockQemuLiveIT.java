// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.command.RunState;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.tools.demo.DemoGuest;
import dev.tidemark.tools.demo.DemoMachine;
import dev.tidemark.tools.demo.DemoVm;
import dev.tidemark.tools.demo.GuestConsole;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// An archive is of use without Tidemark: `lz4 -dc FILE`, or `zstd -dc FILE`, is a stream that
/// stock
/// QEMU loads.
@Timeout(120)
class StockQemuLiveIT {
  private static final DemoMachine MACHINE =
      DemoMachine.DEFAULT.with(64L << 20, DemoGuest.DEFAULT.withWorkingSet(16L << 20));

  @TempDir Path folder;

  static Stream<Arguments> archives() {
    return LiveQemu.binaries()
        .flatMap(
            binary ->
                Stream.of("lz4", "zstd", "none").map(compress -> Arguments.of(binary, compress)));
  }

  @BeforeEach
  void needTheTools() throws Exception {
    for (String tool : List.of("lz4", "zstd")) {
      Commands.need(
          Commands.exitCode(tool, "--version") == 0,
          "there is no " + tool + " tool; apt install " + tool);
    }
  }

  @ParameterizedTest
  @MethodSource("archives")
  void theDemoGuestFindsItsMemoryIntact(QemuBinary binary, String compress) throws Exception {
    Path file = folder.resolve("demo.tmk");
    Path home = Files.createDirectory(folder.resolve("source"));
    Path target = Files.createDirectory(folder.resolve("target"));
    List<String> command;
    try (DemoVm vm = DemoVm.boot(MACHINE.withQemu(binary.path().toString()), home, home)) {
      vm.console().awaitInWalk(2, LiveQemu.PATIENCE);
      Commands.save(home.resolve("qmp.sock"), file, "--compress", compress);
      command =
          commandLine(vm.process().pid()).stream()
              .map(word -> word.replace(home + "/", target + "/"))
              .toList();
      Files.copy(home.resolve("guest.elf"), target.resolve("guest.elf"));
    }
    String tool = compress.equals("zstd") ? "zstd" : "lz4";
    assertThat(Commands.exitCode(tool, "-t", file.toString())).isZero();
    Process process = start(command, target, tool, file);
    try (GuestConsole console = connect(target.resolve("serial.sock"), process, target)) {
      console.awaitWalks(2, LiveQemu.PATIENCE);
      assertThat(console.wrong()).isEmpty();
      assertThat(console.hello()).as("a guest that has booted").isEmpty();
      assertThat(console.lastWalk()).hasValueSatisfying(walk -> assertThat(walk.wrong()).isZero());
      assertThat(Commands.status(target.resolve("qmp.sock"))).isEqualTo(RunState.Known.RUNNING);
    } finally {
      end(process);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.tidemark.qmp.fixture.LiveQemu#binaries")
  void linuxGoesOn(QemuBinary binary) throws Exception {
    Path file = folder.resolve("vm.tmk");
    Path target = Files.createDirectory(folder.resolve("target"));
    try (HandStarted source = HandStarted.consoleOnSocket(binary, folder.resolve("source"))) {
      long atLeast = Consoles.lastCount(source.serial());
      Commands.save(source.qmp(), file);
      long atMost = Consoles.lastCount(source.serial()) + 2;
      Process process = start(source.commandLine(), target, "lz4", file);
      try {
        String counted = Consoles.awaitCount(target.resolve("serial"), atMost + 3);
        assertThat(Consoles.firstCount(counted)).isBetween(atLeast, atMost);
        Consoles.assertShellAnswers(target.resolve("console"));
      } finally {
        end(process);
      }
      source.assertUnharmed(source.files(), "");
    }
  }

  /// The same machine, fed by the tool and nothing else.
  private static Process start(List<String> command, Path target, String tool, Path file)
      throws IOException {
    List<String> incoming = new ArrayList<>(command);
    incoming.addAll(List.of("-incoming", "exec:" + tool + " -dc '" + file + "'"));
    return new ProcessBuilder(incoming)
        .directory(target.toFile())
        .redirectInput(Path.of("/dev/null").toFile())
        .redirectErrorStream(true)
        .redirectOutput(target.resolve("out").toFile())
        .start();
  }

  private static List<String> commandLine(long pid) throws IOException {
    String words = Files.readString(Path.of("/proc", Long.toString(pid), "cmdline"));
    return List.of(words.substring(0, words.length() - 1).split("\0", -1));
  }

  private static GuestConsole connect(Path socket, Process process, Path target) throws Exception {
    long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
    while (true) {
      try {
        return GuestConsole.connect(socket, MACHINE.guest().tickMillis());
      } catch (IOException e) {
        boolean starting = process.isAlive() && System.nanoTime() < end;
        assertThat(starting).as("QEMU said: %s", Files.readString(target.resolve("out"))).isTrue();
        Thread.sleep(20);
      }
    }
  }

  private static void end(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    Commands.kill(process.toHandle());
  }
}
