// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.stream.CheckpointStreamWriter;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.Migrate;
import dev.tidemark.qmp.command.MigrateIncoming;
import dev.tidemark.qmp.command.MigrateSetCapabilities;
import dev.tidemark.qmp.command.MigrateSetParameters;
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
import java.io.IOException;
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
    try (IncomingVm target = start(recorded);
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
    try (IncomingVm target = start(recorded);
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

  private record Recorded(IncomingVm.Origin origin, List<Path> connections) {}

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
      Migrations.awaitCompleted(method, qmp);
      return new Recorded(IncomingVm.Origin.of(MACHINE, home, vm), sink.await());
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

  private static MultifdCheckpointStream open(Recorded recorded) throws IOException {
    List<ByteSource> sources = new ArrayList<>();
    for (Path file : recorded.connections()) {
      sources.add(ByteSource.of(file));
    }
    return MultifdCheckpointStream.open(SETTINGS, sources);
  }

  private IncomingVm start(Recorded recorded) throws Exception {
    return IncomingVm.start(recorded.origin(), folder.resolve("target"));
  }
}
