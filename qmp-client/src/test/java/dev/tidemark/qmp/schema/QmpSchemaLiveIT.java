// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.QmpException;
import dev.tidemark.qmp.command.BackupSync;
import dev.tidemark.qmp.command.BlockdevBackup;
import dev.tidemark.qmp.command.Migrate;
import dev.tidemark.qmp.command.MigrateSetCapabilities;
import dev.tidemark.qmp.command.MigrateSetParameters;
import dev.tidemark.qmp.command.MigrationCapability;
import dev.tidemark.qmp.command.MigrationChannel;
import dev.tidemark.qmp.command.MigrationParameter;
import dev.tidemark.qmp.command.MigrationParameters;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.command.Raw;
import dev.tidemark.qmp.command.Transaction;
import dev.tidemark.qmp.command.TransactionAction;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.qmp.json.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The schemas of real QEMUs.
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class QmpSchemaLiveIT {
  private static final String BINARIES = "dev.tidemark.qmp.fixture.LiveQemu#binaries";

  @ParameterizedTest
  @MethodSource(BINARIES)
  void aSchemaTellsTheVersionsApart(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, List.of("-m", "64"))) {
      QmpClient qmp = vm.client();
      QmpSchema schema = qmp.schema();
      assertThat(qmp.schema()).isSameAs(schema);
      assertThat(schema.commands()).hasSizeGreaterThan(200).contains("migrate", "snapshot-save");
      assertThat(schema.events()).contains("STOP", "MIGRATION", "JOB_STATUS_CHANGE");
      assertThat(schema.hasCapability("events")).isTrue();
      assertThat(schema.hasCapability("mapped-ram")).isEqualTo(binary.isAtLeast(9, 0));
      assertThat(schema.hasCapability("block")).isEqualTo(!binary.isAtLeast(9, 1));
      assertThat(schema.hasArgument("migrate", "channels.addr.transport"))
          .isEqualTo(binary.isAtLeast(8, 2));
      assertThat(schema.hasMigrationParameter("direct-io")).isEqualTo(binary.isAtLeast(9, 1));
      assertThat(schema.hasEnumValue("blockdev-backup", "sync", "bitmap")).isTrue();
      assertThat(schema.hasArgument("blockdev-add", "file.filename")).isTrue();
      assertThat(schema.hasReturned("query-migrate", "ram.dirty-sync-count")).isTrue();
      assertThat(schema.isOutOfBand("yank")).isTrue();
      assertThat(schema.isOutOfBand("migrate")).isFalse();
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void aCallIsCheckedBeforeItIsSent(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, List.of("-m", "64"))) {
      QmpClient qmp = vm.client();
      MigrateSetCapabilities mapped =
          MigrateSetCapabilities.on(MigrationCapability.Known.MAPPED_RAM);
      Migrate channels = new Migrate(MigrationChannel.unix("/tmp/x"));
      if (binary.isAtLeast(9, 0)) {
        qmp.check(mapped);
        qmp.check(channels);
      } else {
        refused(qmp, mapped, "this QEMU has no \"mapped-ram\" (capabilities[0].capability)");
        refused(qmp, channels, "this QEMU has no argument \"channels\"");
      }
      refused(qmp, new Raw("qurey-status"), "did you mean \"query-status\"?");
      refused(qmp, new Raw("getfd"), "argument \"fdname\" is missing");
      refused(
          qmp,
          new Raw("object-add", JsonObject.of("qom-type", "iothread", "id", 7)),
          "argument \"id\" must be a JSON string, not number");
      refused(
          qmp,
          new Raw("blockdev-add", JsonObject.of("driver", "file", "filname", "x")),
          "this QEMU has no argument \"filname\"; did you mean \"filename\"?");
    }
  }

  private static void refused(
      QmpClient qmp, dev.tidemark.qmp.command.QmpCommand<?> command, String said) {
    assertThatExceptionOfType(QmpException.Unsupported.class)
        .isThrownBy(() -> qmp.check(command))
        .withMessageStartingWith(command.wireName() + ": ")
        .withMessageContaining(said)
        .withMessageContaining("(QEMU " + qmp.version().number() + ")");
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void whatQemuTakesIsNeverRefused(QemuBinary binary) throws Exception {
    List<String> arguments = List.of("-m", "64", "-device", "pcie-root-port,id=p", "-M", "q35");
    try (LiveQemu vm = LiveQemu.start(binary, arguments)) {
      QmpClient qmp = vm.client();
      List<Raw> calls =
          List.of(
              new Raw("query-status"),
              new Raw(
                  "blockdev-add",
                  JsonObject.of("driver", "null-co", "node-name", "n", "size", 1 << 20)),
              new Raw(
                  "blockdev-add",
                  JsonObject.of(
                      "driver",
                      "raw",
                      "node-name",
                      "r",
                      "file",
                      "n",
                      "cache",
                      JsonObject.of("direct", false))),
              new Raw(
                  "blockdev-add",
                  JsonObject.of(
                      "driver",
                      "throttle",
                      "node-name",
                      "t",
                      "throttle-group",
                      "g",
                      "file",
                      JsonObject.of("driver", "null-co"))),
              new Raw("object-add", JsonObject.of("qom-type", "iothread", "id", "io")),
              new Raw(
                  "device_add",
                  JsonObject.of(
                      "driver", "virtio-blk-pci", "drive", "r", "bus", "p", "serial", "s")),
              new Raw(
                  "qom-set",
                  JsonObject.of("path", "/objects/io", "property", "poll-max-ns", "value", 1)),
              new Raw("netdev_add", JsonObject.of("type", "hubport", "id", "net", "hubid", 3)),
              new Raw(
                  "chardev-add",
                  JsonObject.of(
                      "id",
                      "c",
                      "backend",
                      JsonObject.of("type", "ringbuf", "data", JsonObject.of("size", 64)))),
              new Raw("set_link", JsonObject.of("name", "net", "up", false)));
      for (Raw call : calls) {
        boolean known = qmp.schema().objection(call.wireName(), call.arguments()).isEmpty();
        if (call.wireName().equals("blockdev-add") && call.arguments().has("throttle-group")) {
          // Understood, and refused since there is no such group: that is not the schema's matter.
          assertThat(known).isTrue();
          continue;
        }
        assertThatNoException().as("%s", call).isThrownBy(() -> qmp.execute(call));
        assertThat(known).as("%s", call).isTrue();
      }
      qmp.check(new QueryStatus());
      qmp.check(
          new MigrateSetParameters(
              MigrationParameters.NONE.with(
                  MigrationParameter.DOWNTIME_LIMIT, java.time.Duration.ofMillis(5))));
      qmp.check(
          new Transaction(
              List.of(
                  TransactionAction.ABORT,
                  TransactionAction.of(
                      new BlockdevBackup(
                          "j", "a", "b", BackupSync.Known.FULL, Optional.empty())))));
    }
  }
}
