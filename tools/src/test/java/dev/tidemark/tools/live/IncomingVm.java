// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.QmpAddress;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.Cont;
import dev.tidemark.qmp.command.MigrateIncoming;
import dev.tidemark.qmp.command.MigrateSetCapabilities;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.tools.demo.DemoMachine;
import dev.tidemark.tools.demo.DemoVm;
import dev.tidemark.tools.demo.GuestConsole;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The machine of a demo guest once more, waiting for a migration; killed on close.
final class IncomingVm implements AutoCloseable {
  final QmpClient qmp;
  final Path socket;
  private final Process process;
  private final Path home;
  private final int tickMillis;
  private final GuestConsole console;

  /// Where a guest ran, and how.
  ///
  /// @param tickMillis how many milliseconds the guest lets pass between two ticks
  /// @param home the folder of its program, `guest.elf`, and of the sockets `qmp.sock` and
  ///     `serial.sock`
  /// @param command the command line of its QEMU
  record Origin(int tickMillis, Path home, List<String> command) {
    static Origin of(DemoMachine machine, Path home, DemoVm vm) throws IOException {
      String words =
          Files.readString(Path.of("/proc", Long.toString(vm.process().pid()), "cmdline"));
      return new Origin(
          machine.guest().tickMillis(),
          home,
          List.of(words.substring(0, words.length() - 1).split("\0", -1)));
    }
  }

  private IncomingVm(Process process, Path home, int tickMillis) throws Exception {
    this.process = process;
    this.home = home;
    this.tickMillis = tickMillis;
    this.socket = home.resolve("in");
    this.console = connectConsole();
    this.qmp = QmpClient.connect(QmpAddress.unix(awaitFile(home.resolve("qmp.sock"))));
  }

  /// Starts one.
  ///
  /// @param home a new folder for its sockets and files
  /// @param more arguments beside those of the origin and `-incoming defer`
  static IncomingVm start(Origin origin, Path home, String... more) throws Exception {
    Files.createDirectory(home);
    Files.copy(origin.home().resolve("guest.elf"), home.resolve("guest.elf"));
    List<String> command = new ArrayList<>();
    for (String word : origin.command()) {
      command.add(word.replace(origin.home() + "/", home + "/"));
    }
    command.addAll(List.of("-incoming", "defer"));
    command.addAll(List.of(more));
    Process process =
        new ProcessBuilder(command)
            .directory(home.toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("out").toFile())
            .start();
    try {
      return new IncomingVm(process, home, origin.tickMillis());
    } catch (Exception | AssertionError e) {
      Commands.kill(process.toHandle());
      throw e;
    }
  }

  private GuestConsole connectConsole() throws Exception {
    Path serial = awaitFile(home.resolve("serial.sock"));
    long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
    while (true) {
      try {
        return GuestConsole.connect(serial, tickMillis);
      } catch (IOException e) {
        check(end);
      }
    }
  }

  private Path awaitFile(Path file) throws Exception {
    long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
    while (!Files.exists(file)) {
      check(end);
    }
    return file;
  }

  private void check(long end) throws Exception {
    boolean starting = process.isAlive() && System.nanoTime() < end;
    assertThat(starting).as("QEMU said: %s", said()).isTrue();
    Thread.sleep(20);
  }

  /// What QEMU has printed.
  String said() throws IOException {
    return Files.readString(home.resolve("out"));
  }

  /// A new connection to [#socket].
  SocketChannel connect() throws IOException {
    return SocketChannel.open(UnixDomainSocketAddress.of(socket));
  }

  /// Loads what [Commands#convert] has made, as QEMU does without Tidemark's help, and has the
  /// guest go on.
  void load(Path file, String form) throws Exception {
    boolean mapped = form.equals("mapped-ram");
    if (mapped) {
      qmp.execute(new MigrateSetCapabilities(Map.of("mapped-ram", true)));
    }
    String program = form.equals("archive") ? "zstd -dcq" : "cat";
    qmp.execute(new MigrateIncoming(mapped ? "file:" + file : "exec:" + program + " " + file));
    Migrations.awaitCompleted(file, qmp);
    qmp.execute(new Cont());
  }

  /// Waits until the guest has compared all of its memory twice.
  void assertGoesOn() throws Exception {
    try {
      assertFindsAllRight(console);
    } catch (IOException e) {
      throw new AssertionError("QEMU said: " + said(), e);
    }
    qmp.close();
    assertThat(Commands.status(home.resolve("qmp.sock"))).isEqualTo(RunState.Known.RUNNING);
  }

  /// Waits until a guest has compared all of its memory twice, since when it has come back.
  static void assertFindsAllRight(GuestConsole console) throws Exception {
    console.awaitWalks(2, LiveQemu.PATIENCE);
    assertThat(console.wrong()).isEmpty();
    assertThat(console.hello()).as("a guest that has booted").isEmpty();
    assertThat(console.lastWalk()).hasValueSatisfying(walk -> assertThat(walk.wrong()).isZero());
  }

  @Override
  public void close() {
    qmp.close();
    console.close();
    Commands.kill(process.toHandle());
  }
}
