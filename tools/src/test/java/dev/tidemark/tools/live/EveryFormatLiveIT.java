// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.OpenOptions;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.Cont;
import dev.tidemark.qmp.command.Migrate;
import dev.tidemark.qmp.command.MigrateSetCapabilities;
import dev.tidemark.qmp.command.Stop;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.tools.demo.DemoGuest;
import dev.tidemark.tools.demo.DemoMachine;
import dev.tidemark.tools.demo.DemoVm;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// One VM, stopped at one moment, saved in two ways: what is read from each file is the RAM that
/// QEMU's process had, block by block, and the same device state. Of each pair one is an internal
/// snapshot in qcow2, since that leaves the VM as it is.
@Timeout(180)
class EveryFormatLiveIT {
  private static final DemoMachine MACHINE =
      DemoMachine.DEFAULT.with(32 << 20, DemoGuest.DEFAULT.withWorkingSet(4 << 20));

  /// A way to save a VM into a file by migrating it.
  private enum Way {
    STREAM,
    BACKGROUND_SNAPSHOT,
    MAPPED_RAM,
    MAPPED_RAM_MULTIFD;

    private List<String> capabilities() {
      return switch (this) {
        case STREAM -> List.of();
        case BACKGROUND_SNAPSHOT -> List.of("background-snapshot");
        case MAPPED_RAM -> List.of("mapped-ram");
        case MAPPED_RAM_MULTIFD -> List.of("mapped-ram", "multifd");
      };
    }

    /// mapped-ram and `file:` are there since 9.0.
    boolean isIn(QemuBinary binary) {
      return binary.isAtLeast(9, 0) || !capabilities().contains("mapped-ram");
    }

    /// QEMU 7.2 starts the guest once it has the device state, also one that was stopped.
    boolean leavesTheVmStopped(QemuBinary binary) {
      return binary.isAtLeast(9, 0) || this != BACKGROUND_SNAPSHOT;
    }

    /// Turns its capabilities on for a migration; `savevm` goes with none of them.
    void set(QmpClient qmp, boolean on) throws Exception {
      qmp.execute(
          new MigrateSetCapabilities(
              capabilities().stream().collect(Collectors.toMap(name -> name, _ -> on))));
    }
  }

  static Stream<Arguments> machines() {
    QemuBinary newest = LiveQemu.installed().getFirst();
    return Stream.concat(
        LiveQemu.binaries().map(binary -> Arguments.of(binary, "pc")),
        Stream.of(Arguments.of(newest, "q35")));
  }

  @TempDir Path folder;

  @ParameterizedTest
  @MethodSource("machines")
  void everyFileHoldsTheRamOfTheProcess(QemuBinary binary, String type) throws Exception {
    Path image = folder.resolve("vm.qcow2");
    Savevm.create(image, "compat=1.1", "1M");
    DemoMachine machine = MACHINE.withQemu(binary.path().toString()).withType(type);
    try (DemoVm vm = DemoVm.boot(machine, folder, folder);
        QmpClient qmp = vm.connect()) {
      Savevm.add(qmp, "vm", image);
      vm.console().awaitReady(LiveQemu.PATIENCE);
      for (Way way : Way.values()) {
        if (way.isIn(binary)) {
          qmp.execute(new Stop());
          Map<String, String> ram = RamDigests.of(qmp, vm.process().pid());
          Savevm.take(qmp, "vm", way.name());
          Path file = folder.resolve(way.name());
          save(qmp, binary, way, file);
          if (way.leavesTheVmStopped(binary)) {
            assertThat(RamDigests.of(qmp, vm.process().pid())).isEqualTo(ram);
          }
          assertHold(file, image, way, ram);
          qmp.execute(new Cont());
        }
      }
    }
  }

  private static void assertHold(Path file, Path image, Way way, Map<String, String> ram)
      throws Exception {
    OpenOptions options = OpenOptions.DEFAULT.withSnapshot(way.name());
    try (Checkpoint migrated = Checkpoint.open(file);
        Checkpoint snapshot = Checkpoint.open(image, options)) {
      assertThat(RamDigests.of(snapshot)).as("savevm").isEqualTo(ram);
      assertThat(RamDigests.of(migrated)).as("%s", way).isEqualTo(ram);
      DeviceStates.assertSame(way, migrated, snapshot);
    }
  }

  private static void save(QmpClient qmp, QemuBinary binary, Way way, Path file) throws Exception {
    way.set(qmp, true);
    qmp.execute(new Migrate(binary.isAtLeast(9, 0) ? "file:" + file : "exec:cat > " + file));
    Migrations.awaitCompleted(way, qmp);
    way.set(qmp, false);
  }
}
