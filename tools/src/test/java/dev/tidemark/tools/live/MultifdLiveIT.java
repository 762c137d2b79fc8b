// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.stream.CheckpointStreamWriter;
import dev.tidemark.qmp.QmpAddress;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.Migrate;
import dev.tidemark.qmp.command.MigrateIncoming;
import dev.tidemark.qmp.command.MigrateSetCapabilities;
import dev.tidemark.qmp.command.MigrateSetParameters;
import dev.tidemark.qmp.command.MigrationInfo;
import dev.tidemark.qmp.command.MigrationStatus;
import dev.tidemark.qmp.command.QueryMigrate;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.multifd.MultifdCheckpointStream;
import dev.tidemark.stream.multifd.MultifdMethod;
import dev.tidemark.stream.multifd.MultifdStreamWriter;
import dev.tidemark.stream.multifd.MultifdStreamWriter.ZeroPages;
import dev.tidemark.tools.demo.DemoGuest;
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
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What a QEMU sends over several channels is merged, and what is merged is split again for another
/// QEMU: its guest goes on and finds its memory intact.
@Timeout(180)
class MultifdLiveIT {
  private static final int CHANNELS = 3;
  private static final DemoMachine MACHINE =
      DemoMachine.DEFAULT.with(64L << 20, DemoGuest.DEFAULT.withWorkingSet(16L << 20));
  private static final MigrationStream SETTINGS = MigrationStream.of(TargetPageSize.detect());

  @TempDir Path folder;

  static Stream<Arguments> methods() {
    return LiveQemu.binaries()
        .flatMap(
            binary ->
                Stream.of(MultifdMethod.NONE, MultifdMethod.ZLIB, MultifdMethod.ZSTD)
                    .map(method -> Arguments.of(binary, method)));
  }

  static Stream<Arguments> zeroPages() {
    return LiveQemu.binaries()
        .flatMap(
            binary ->
                Stream.of(ZeroPages.values())
                    // Older ones do not know of zero pages in packets.
                    .filter(way -> way != ZeroPages.PACKETS || binary.isAtLeast(9, 0))
                    .map(way -> Arguments.of(binary, way)));
  }

  @ParameterizedTest
  @MethodSource("methods")
  void theGuestGoesOnOverChannels(QemuBinary binary, MultifdMethod method) throws Exception {
    Recorded recorded = record(binary, method);
    intoChannels(recorded, MultifdStreamWriter.Options.DEFAULT.withMethod(method));
  }

  @ParameterizedTest
  @MethodSource("zeroPages")
  void theGuestGoesOnHoweverZeroPagesAreSent(QemuBinary binary, ZeroPages way) throws Exception {
    Recorded recorded = record(binary, MultifdMethod.ZSTD);
    intoChannels(recorded, MultifdStreamWriter.Options.DEFAULT.withZeroPages(way));
  }

  @ParameterizedTest
  @MethodSource("methods")
  void theGuestGoesOnFromOnePlainStream(QemuBinary binary, MultifdMethod method) throws Exception {
    Recorded recorded = record(binary, method);
    try (Target target = start(recorded);
        MultifdCheckpointStream merged = open(recorded)) {
      target.qmp.execute(new MigrateIncoming("unix:" + target.socket));
      try (SocketChannel connection = target.connect()) {
        CheckpointStreamWriter.write(merged, connection, CheckpointStreamWriter.Options.DEFAULT);
      }
      target.assertGoesOn();
    }
  }

  private void intoChannels(Recorded recorded, MultifdStreamWriter.Options options)
      throws Exception {
    try (Target target = start(recorded);
        MultifdCheckpointStream merged = open(recorded)) {
      useChannels(target.qmp, options.method());
      target.qmp.execute(new MigrateIncoming("unix:" + target.socket));
      List<SocketChannel> connections = new ArrayList<>();
      try {
        for (int i = 0; i <= CHANNELS; i++) {
          connections.add(target.connect());
        }
        MultifdStreamWriter.write(
            merged, connections.getFirst(), connections.subList(1, CHANNELS + 1), options);
      } finally {
        for (SocketChannel connection : connections) {
          connection.close();
        }
      }
      target.assertGoesOn();
    }
  }

  private record Recorded(List<String> command, Path home, List<Path> connections) {}

  /// Migrates a guest that works, into files.
  private Recorded record(QemuBinary binary, MultifdMethod method) throws Exception {
    Path home = Files.createDirectory(folder.resolve("source"));
    Path socket = home.resolve("sink");
    try (DemoVm vm = DemoVm.boot(MACHINE.withQemu(binary.path().toString()), home, home);
        MultifdConnections sink = MultifdConnections.listen(socket, home, CHANNELS + 1);
        QmpClient qmp = vm.connect()) {
      vm.console().awaitInWalk(2, LiveQemu.PATIENCE);
      useChannels(qmp, method);
      qmp.execute(
          new MigrateSetParameters(
              JsonObject.of("max-bandwidth", 32 << 20, "downtime-limit", 1500)));
      qmp.execute(new Migrate("unix:" + socket));
      awaitCompleted(qmp);
      return new Recorded(commandLine(vm.process().pid()), home, sink.await());
    }
  }

  private static void useChannels(QmpClient qmp, MultifdMethod method) throws Exception {
    qmp.execute(new MigrateSetCapabilities(Map.of("multifd", true)));
    qmp.execute(
        new MigrateSetParameters(
            JsonObject.of(
                "multifd-channels",
                CHANNELS,
                "multifd-compression",
                method.name().toLowerCase(Locale.ROOT))));
  }

  private static void awaitCompleted(QmpClient qmp) throws Exception {
    long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
    MigrationInfo info = qmp.execute(new QueryMigrate());
    while (!info.status().isOver()) {
      assertThat(System.nanoTime()).as("%s", info).isLessThan(end);
      Thread.sleep(20);
      info = qmp.execute(new QueryMigrate());
    }
    assertThat(info.status()).isEqualTo(MigrationStatus.Known.COMPLETED);
  }

  private static List<String> commandLine(long pid) throws IOException {
    String words = Files.readString(Path.of("/proc", Long.toString(pid), "cmdline"));
    return List.of(words.substring(0, words.length() - 1).split("\0", -1));
  }

  private static MultifdCheckpointStream open(Recorded recorded) throws IOException {
    List<ByteSource> sources = new ArrayList<>();
    for (Path file : recorded.connections()) {
      sources.add(ByteSource.of(file));
    }
    return MultifdCheckpointStream.open(SETTINGS, sources);
  }

  private Target start(Recorded recorded) throws Exception {
    Path home = Files.createDirectory(folder.resolve("target"));
    Files.copy(recorded.home().resolve("guest.elf"), home.resolve("guest.elf"));
    List<String> command = new ArrayList<>();
    for (String word : recorded.command()) {
      command.add(word.replace(recorded.home() + "/", home + "/"));
    }
    command.addAll(List.of("-incoming", "defer"));
    Process process =
        new ProcessBuilder(command)
            .directory(home.toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("out").toFile())
            .start();
    try {
      return new Target(process, home);
    } catch (Exception | AssertionError e) {
      Commands.kill(process.toHandle());
      throw e;
    }
  }

  /// The same machine, waiting for a migration.
  private static final class Target implements AutoCloseable {
    final Process process;
    final Path home;
    final Path socket;
    final GuestConsole console;
    final QmpClient qmp;

    Target(Process process, Path home) throws Exception {
      this.process = process;
      this.home = home;
      this.socket = home.resolve("in");
      this.console = connectConsole();
      this.qmp = QmpClient.connect(QmpAddress.unix(awaitFile(home.resolve("qmp.sock"))));
    }

    private GuestConsole connectConsole() throws Exception {
      Path serial = awaitFile(home.resolve("serial.sock"));
      long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
      while (true) {
        try {
          return GuestConsole.connect(serial, MACHINE.guest().tickMillis());
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
      assertThat(starting).as("QEMU said: %s", Files.readString(home.resolve("out"))).isTrue();
      Thread.sleep(20);
    }

    SocketChannel connect() throws IOException {
      return SocketChannel.open(UnixDomainSocketAddress.of(socket));
    }

    void assertGoesOn() throws Exception {
      try {
        console.awaitWalks(2, LiveQemu.PATIENCE);
      } catch (IOException e) {
        throw new AssertionError("QEMU said: " + Files.readString(home.resolve("out")), e);
      }
      assertThat(console.wrong()).isEmpty();
      assertThat(console.hello()).as("a guest that has booted").isEmpty();
      assertThat(console.lastWalk()).hasValueSatisfying(walk -> assertThat(walk.wrong()).isZero());
      qmp.close();
      assertThat(Commands.status(home.resolve("qmp.sock"))).isEqualTo(RunState.Known.RUNNING);
    }

    @Override
    public void close() {
      qmp.close();
      console.close();
      Commands.kill(process.toHandle());
    }
  }
}
