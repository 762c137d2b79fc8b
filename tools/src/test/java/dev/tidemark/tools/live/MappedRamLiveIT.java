// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.mappedram.MappedRamCheckpoint;
import dev.tidemark.checkpoint.mappedram.MappedRamRepair;
import dev.tidemark.checkpoint.mappedram.MappedRamWriter;
import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.checkpoint.stream.StreamCheckpointStream;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.Cont;
import dev.tidemark.qmp.command.Migrate;
import dev.tidemark.qmp.command.MigrateIncoming;
import dev.tidemark.qmp.command.MigrateSetCapabilities;
import dev.tidemark.qmp.command.MigrateSetParameters;
import dev.tidemark.qmp.command.Raw;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.tools.demo.DemoGuest;
import dev.tidemark.tools.demo.DemoMachine;
import dev.tidemark.tools.demo.DemoVm;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// A mapped-ram file that Tidemark wrote or repaired is loaded by QEMU: RAM is what it was, and the
/// guest goes on.
@Timeout(180)
class MappedRamLiveIT {
  private static final DemoMachine MACHINE =
      DemoMachine.DEFAULT.with(64L << 20, DemoGuest.DEFAULT.withWorkingSet(16L << 20));
  private static final MigrationStream SETTINGS = MigrationStream.of(TargetPageSize.detect());

  /// What the guest sees there is not main memory.
  private static final long HOLE = 0xa0000;

  private static final long HOLE_END = 0x100000;

  @TempDir Path folder;

  /// How a file is loaded.
  enum Loading {
    ONE_CHANNEL,
    MULTIFD,
    MULTIFD_DIRECT_IO
  }

  static Stream<QemuBinary> withMappedRam() {
    return LiveQemu.binaries().filter(binary -> binary.isAtLeast(9, 1));
  }

  static Stream<Arguments> loadings() {
    return withMappedRam()
        .flatMap(binary -> Stream.of(Loading.values()).map(way -> Arguments.of(binary, way)));
  }

  @ParameterizedTest
  @MethodSource("loadings")
  void aConvertedStreamGoesOn(QemuBinary binary, Loading way) throws Exception {
    Path stream = folder.resolve("stream");
    IncomingVm.Origin origin = record(binary, stream, Map.of());
    Path mapped = folder.resolve("mapped");
    try (CheckpointStream in = StreamCheckpointStream.open(SETTINGS, ByteSource.mapped(stream));
        FileTarget target = FileTarget.create(mapped, FileTarget.Options.DEFAULT)) {
      MappedRamWriter.write(in, target, MappedRamWriter.Options.DEFAULT);
      target.commit();
    }
    try (Checkpoint expected = StreamCheckpoint.open(ByteSource.of(stream))) {
      assertLoads(origin, mapped, way, expected);
    }
  }

  @ParameterizedTest
  @MethodSource("withMappedRam")
  void aRepairedBackgroundSnapshotGoesOn(QemuBinary binary) throws Exception {
    Path broken = folder.resolve("broken");
    IncomingVm.Origin origin =
        record(binary, broken, Map.of("background-snapshot", true, "mapped-ram", true));
    assertThatThrownBy(() -> Checkpoint.open(broken))
        .isInstanceOf(StreamException.Unsupported.class)
        .hasMessageContaining("mapped-ram file of a background snapshot");
    Path repaired = folder.resolve("repaired");
    try (ByteSource in = ByteSource.of(broken);
        FileTarget target = FileTarget.create(repaired, FileTarget.Options.DEFAULT)) {
      MappedRamRepair.Report report = MappedRamRepair.repair(in, target, Progress.NONE);
      target.commit();
      assertThat(report.stored()).isPositive();
    }
    try (Checkpoint expected = Checkpoint.open(repaired)) {
      assertThat(expected.format()).isEqualTo(CheckpointFormat.MAPPED_RAM);
      assertLoads(origin, repaired, Loading.ONE_CHANNEL, expected);
    }
  }

  /// QEMU's own file is read as QEMU reads it.
  @ParameterizedTest
  @MethodSource("loadings")
  void whatQemuWritesIsRead(QemuBinary binary, Loading way) throws Exception {
    Path file = folder.resolve("file");
    IncomingVm.Origin origin =
        record(binary, file, Map.of("mapped-ram", true, "multifd", way != Loading.ONE_CHANNEL));
    try (Checkpoint expected = MappedRamCheckpoint.open(ByteSource.of(file))) {
      assertLoads(origin, file, way, expected);
    }
  }

  /// Migrates a guest that works, into a file.
  private IncomingVm.Origin record(QemuBinary binary, Path file, Map<String, Boolean> capabilities)
      throws Exception {
    Path home = Files.createDirectory(folder.resolve("source"));
    try (DemoVm vm = DemoVm.boot(MACHINE.withQemu(binary.path().toString()), home, home);
        QmpClient qmp = vm.connect()) {
      vm.console().awaitInWalk(2, LiveQemu.PATIENCE);
      qmp.execute(new MigrateSetCapabilities(capabilities));
      qmp.execute(
          new MigrateSetParameters(
              JsonObject.of("max-bandwidth", 256 << 20, "downtime-limit", 1500)));
      qmp.execute(new Migrate("file:" + file));
      Migrations.awaitCompleted(file, qmp);
      return IncomingVm.Origin.of(MACHINE, home, vm);
    }
  }

  private void assertLoads(IncomingVm.Origin origin, Path file, Loading way, Checkpoint expected)
      throws Exception {
    try (IncomingVm target = IncomingVm.start(origin, folder.resolve("target"), "-S")) {
      QmpClient qmp = target.qmp;
      Map<String, Boolean> capabilities = new HashMap<>(Map.of("mapped-ram", true));
      if (way != Loading.ONE_CHANNEL) {
        capabilities.put("multifd", true);
      }
      qmp.execute(new MigrateSetCapabilities(capabilities));
      if (way == Loading.MULTIFD_DIRECT_IO) {
        qmp.execute(new MigrateSetParameters(JsonObject.of("direct-io", true)));
      }
      qmp.execute(new MigrateIncoming("file:" + file));
      Migrations.awaitCompleted(file, qmp);
      assertMemory(qmp, expected);
      qmp.execute(new Cont());
      target.assertGoesOn();
    }
  }

  /// All of main memory.
  private void assertMemory(QmpClient qmp, Checkpoint expected) throws Exception {
    RamBlock ram =
        expected.ramBlocks().stream()
            .filter(block -> block.idstr().equals("pc.ram"))
            .findFirst()
            .orElseThrow();
    Path memory = folder.resolve("memory");
    qmp.execute(
        new Raw(
            "pmemsave",
            JsonObject.of("val", 0, "size", ram.usedLength(), "filename", memory.toString())));
    assertThat(Files.size(memory)).isEqualTo(ram.usedLength());
    byte[] page = new byte[expected.targetPageSize()];
    try (ByteSource actual = ByteSource.of(memory)) {
      byte[] other = new byte[page.length];
      for (long at = 0; at < ram.usedLength(); at += page.length) {
        if (at < HOLE || at >= HOLE_END) {
          var _ = expected.readPage(ram, at, MemorySegment.ofArray(page));
          assertThat(actual.read(at, MemorySegment.ofArray(other))).isEqualTo(page.length);
          if (!Arrays.equals(page, other)) {
            throw new AssertionError("page at 0x" + Long.toHexString(at));
          }
        }
      }
    }
  }
}
