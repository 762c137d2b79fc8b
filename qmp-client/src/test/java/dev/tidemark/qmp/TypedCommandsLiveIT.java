// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tidemark.qmp.command.BlockDevice;
import dev.tidemark.qmp.command.BlockNode;
import dev.tidemark.qmp.command.Closefd;
import dev.tidemark.qmp.command.Cont;
import dev.tidemark.qmp.command.CpuInfo;
import dev.tidemark.qmp.command.Getfd;
import dev.tidemark.qmp.command.HumanMonitorCommand;
import dev.tidemark.qmp.command.Migrate;
import dev.tidemark.qmp.command.MigrateCancel;
import dev.tidemark.qmp.command.MigrateContinue;
import dev.tidemark.qmp.command.MigrateIncoming;
import dev.tidemark.qmp.command.MigrateSetCapabilities;
import dev.tidemark.qmp.command.MigrateSetParameters;
import dev.tidemark.qmp.command.MigrationInfo;
import dev.tidemark.qmp.command.MigrationStatus;
import dev.tidemark.qmp.command.QmpCapabilities;
import dev.tidemark.qmp.command.QomGet;
import dev.tidemark.qmp.command.QomList;
import dev.tidemark.qmp.command.QueryBlock;
import dev.tidemark.qmp.command.QueryCpusFast;
import dev.tidemark.qmp.command.QueryMemorySizeSummary;
import dev.tidemark.qmp.command.QueryMigrate;
import dev.tidemark.qmp.command.QueryMigrateCapabilities;
import dev.tidemark.qmp.command.QueryMigrateParameters;
import dev.tidemark.qmp.command.QueryName;
import dev.tidemark.qmp.command.QueryNamedBlockNodes;
import dev.tidemark.qmp.command.QueryQmpSchema;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.command.QueryTarget;
import dev.tidemark.qmp.command.QueryVersion;
import dev.tidemark.qmp.command.Raw;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.qmp.descriptor.SocketPair;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.qmp.json.JsonObject;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every typed command, at least once, on every QEMU. (`Quit`, `Stop` are in [QmpClientLiveIT].)
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class TypedCommandsLiveIT {
  private static final String BINARIES = "dev.tidemark.qmp.fixture.LiveQemu#binaries";
  private static final List<String> SMALL = List.of("-m", "64");

  @ParameterizedTest
  @MethodSource(BINARIES)
  void queriesAboutTheMachine(QemuBinary binary) throws Exception {
    List<String> arguments = List.of("-m", "64", "-smp", "2", "-name", "tide");
    try (LiveQemu vm = LiveQemu.start(binary, arguments)) {
      QmpClient qmp = vm.client();
      assertThat(qmp.execute(new QueryVersion())).isEqualTo(qmp.version());
      assertThat(qmp.execute(new QueryTarget())).isEqualTo("x86_64");
      assertThat(qmp.execute(new QueryName())).contains("tide");
      assertThat(qmp.execute(new QueryMemorySizeSummary()).baseMemory()).isEqualTo(64L << 20);
      List<CpuInfo> cpus = qmp.execute(new QueryCpusFast());
      assertThat(cpus).extracting(CpuInfo::index).containsExactly(0L, 1L);
      assertThat(cpus).allMatch(cpu -> Files.exists(taskOf(vm, cpu)));
      assertThat(qmp.execute(new HumanMonitorCommand("info mtree -f"))).contains("pc.ram");
      assertThat(qmp.execute(new QomGet("/machine", "type")).asString()).contains("machine");
      assertThat(qmp.execute(new QomList("/machine")))
          .anyMatch(property -> property.name().equals("type") && property.type().equals("string"));
      assertThat(qmp.execute(new QueryQmpSchema()).objects())
          .anyMatch(entry -> entry.optString("name").equals(java.util.Optional.of("migrate")));
      assertThat(qmp.execute(new Raw("query-kvm")).asObject().has("enabled")).isTrue();
      assertThatExceptionOfType(QmpException.CommandFailed.class)
          .isThrownBy(() -> qmp.execute(new Raw("no-such-command")))
          .matches(e -> e.errorClass().equals("CommandNotFound"));
      assertThatExceptionOfType(QmpException.CommandFailed.class)
          .isThrownBy(() -> qmp.execute(new QmpCapabilities(List.of())));
    }
  }

  private static Path taskOf(LiveQemu vm, CpuInfo cpu) {
    return Path.of("/proc", Long.toString(vm.process().pid()), "task")
        .resolve(Long.toString(cpu.threadId()));
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void queriesAboutDisks(QemuBinary binary, @TempDir Path folder) throws Exception {
    Path image = folder.resolve("disk.raw");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(1 << 20);
    }
    List<String> arguments =
        List.of(
            "-m", "64",
            "-drive", "file=" + image + ",format=raw,if=none,id=old",
            "-device", "virtio-blk-pci,drive=old",
            "-blockdev", "driver=null-co,node-name=new,read-only=on",
            "-device", "virtio-blk-pci,drive=new,id=second");
    try (LiveQemu vm = LiveQemu.start(binary, arguments)) {
      List<BlockDevice> devices = vm.client().execute(new QueryBlock());
      BlockDevice old =
          devices.stream().filter(each -> each.device().equals("old")).findFirst().orElseThrow();
      assertThat(old.isWritable()).isTrue();
      BlockNode inserted = old.inserted().orElseThrow();
      assertThat(inserted.file()).isEqualTo(image.toString());
      assertThat(inserted.imageFilename()).contains(image.toString());
      assertThat(inserted.driver()).isEqualTo("raw");
      assertThat(inserted.virtualSize()).hasValue(1 << 20);
      BlockDevice second =
          devices.stream()
              .filter(each -> each.qdev().orElse("").contains("second"))
              .findFirst()
              .orElseThrow();
      assertThat(second.isWritable()).isFalse();
      assertThat(vm.client().execute(new QueryNamedBlockNodes()))
          .anyMatch(node -> node.nodeName().orElse("").equals("new"));
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void migrationSettings(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL)) {
      QmpClient qmp = vm.client();
      assertThat(qmp.execute(new QueryMigrate()).status()).isEqualTo(MigrationStatus.Known.NONE);
      Map<String, Boolean> before = qmp.execute(new QueryMigrateCapabilities());
      assertThat(before).containsEntry("events", false).containsKey("return-path");
      qmp.execute(new MigrateSetCapabilities(Map.of("events", true, "return-path", true)));
      assertThat(qmp.execute(new QueryMigrateCapabilities()))
          .containsEntry("events", true)
          .containsEntry("return-path", true);
      qmp.execute(new MigrateSetCapabilities(before));
      assertThat(qmp.execute(new QueryMigrateCapabilities())).isEqualTo(before);

      qmp.execute(new MigrateSetParameters(JsonObject.of("downtime-limit", 7)));
      JsonObject parameters = qmp.execute(new QueryMigrateParameters());
      assertThat(parameters.longValue("downtime-limit")).isEqualTo(7);
      qmp.execute(new MigrateCancel());
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void aMigrationHeldBeforeSwitchoverGoesOnIntoAnotherQemu(QemuBinary binary) throws Exception {
    List<String> waiting = List.of("-m", "64", "-incoming", "defer");
    try (LiveQemu source = LiveQemu.start(binary, SMALL);
        LiveQemu target = LiveQemu.start(binary, waiting);
        SocketPair pair = SocketPair.open()) {
      QmpClient to = target.client();
      assertThat(to.execute(new QueryStatus()).status()).isEqualTo(RunState.Known.INMIGRATE);
      QmpClient from = source.client();
      from.execute(new MigrateSetCapabilities(Map.of("pause-before-switchover", true)));
      from.getfd("out", pair.remote());
      to.getfd("in", pair.local().descriptor());
      pair.closeRemote();
      pair.local().close();
      to.execute(new MigrateIncoming("fd:in"));
      from.execute(new Migrate("fd:out"));
      await(from, MigrationStatus.Known.PRE_SWITCHOVER);
      assertThat(from.execute(new QueryStatus()).status()).isEqualTo(RunState.Known.FINISH_MIGRATE);
      from.execute(new MigrateContinue(MigrationStatus.Known.PRE_SWITCHOVER));
      await(from, MigrationStatus.Known.COMPLETED);
      await(to, MigrationStatus.Known.COMPLETED);
      assertThat(from.execute(new QueryStatus()).status()).isEqualTo(RunState.Known.POSTMIGRATE);
      from.execute(new Cont());
      assertThat(from.execute(new QueryStatus()).running()).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void aCancelledMigrationIsOver(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL);
        SocketPair pair = SocketPair.open()) {
      QmpClient qmp = vm.client();
      qmp.getfd("out", pair.remote());
      pair.closeRemote();
      qmp.execute(new Migrate("fd:out"));
      assertThat(pair.local().read(ByteBuffer.allocate(4))).isPositive();
      qmp.execute(new MigrateCancel());
      pair.local().close();
      await(qmp, MigrationStatus.Known.CANCELLED);
      assertThat(qmp.execute(new QueryStatus()).running()).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void descriptorsByName(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL);
        SocketPair pair = SocketPair.open()) {
      QmpClient qmp = vm.client();
      assertThatExceptionOfType(QmpException.CommandFailed.class)
          .isThrownBy(() -> qmp.execute(new Getfd("none")))
          .withMessageContaining("SCM_RIGHTS");
      qmp.execute(new Getfd("some"), pair.remote());
      pair.closeRemote();
      qmp.execute(new Closefd("some"));
      // The copy of QEMU was the last one: this end sees that it is closed.
      assertThat(pair.local().read(ByteBuffer.allocate(1))).isEqualTo(-1);
    }
  }

  private static void await(QmpClient qmp, MigrationStatus wanted)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
    MigrationInfo info = qmp.execute(new QueryMigrate());
    while (!info.status().equals(wanted)) {
      assertThat(System.nanoTime()).as("still %s", info).isLessThan(end);
      assertThat(info.status().isOver()).as("ended as %s", info).isFalse();
      Thread.sleep(10);
      info = qmp.execute(new QueryMigrate());
    }
  }
}
