// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.command.Migrate;
import dev.tidemark.qmp.command.MigrateIncoming;
import dev.tidemark.qmp.command.MigratePause;
import dev.tidemark.qmp.command.MigrateRecover;
import dev.tidemark.qmp.command.MigrateSetCapabilities;
import dev.tidemark.qmp.command.MigrateSetParameters;
import dev.tidemark.qmp.command.MigrateStartPostcopy;
import dev.tidemark.qmp.command.MigrationCapability;
import dev.tidemark.qmp.command.MigrationChannel;
import dev.tidemark.qmp.command.MigrationInfo;
import dev.tidemark.qmp.command.MigrationParameter;
import dev.tidemark.qmp.command.MigrationParameters;
import dev.tidemark.qmp.command.MigrationStatus;
import dev.tidemark.qmp.command.QueryMigrate;
import dev.tidemark.qmp.command.QueryMigrateCapabilities;
import dev.tidemark.qmp.command.QueryMigrateParameters;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.event.QmpEvent;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.qmp.json.JsonObject;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Migrations between real QEMUs, and everything that can be set about them.
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class MigrationLiveIT {
  private static final String BINARIES = "dev.tidemark.qmp.fixture.LiveQemu#binaries";
  private static final List<String> SMALL = List.of("-m", "64");
  private static final List<String> WAITING = List.of("-m", "64", "-incoming", "defer");

  @ParameterizedTest
  @MethodSource(BINARIES)
  void aMigrationIsFollowedToItsEnd(QemuBinary binary) throws Exception {
    try (LiveQemu from = LiveQemu.start(binary, SMALL);
        LiveQemu to = LiveQemu.start(binary, WAITING);
        EventListener events = from.client().listen("MIGRATION", "MIGRATION_PASS")) {
      String socket = to.folder().resolve("in").toString();
      boolean channels = binary.isAtLeast(8, 2);
      to.client()
          .execute(
              channels
                  ? new MigrateIncoming(MigrationChannel.unix(socket))
                  : new MigrateIncoming("unix:" + socket));
      List<MigrationInfo> seen = new ArrayList<>();
      Migrate command =
          channels ? new Migrate(MigrationChannel.unix(socket)) : new Migrate("unix:" + socket);
      try (Migration migration = from.client().migrate(command)) {
        MigrationInfo last = migration.await(Duration.ofMillis(100), seen::add);
        assertThat(last.status()).isEqualTo(MigrationStatus.Known.COMPLETED);
        assertThat(last.ram().orElseThrow().normal()).isPositive();
        assertThat(seen).endsWith(last);
        assertThat(migration.info().status()).isEqualTo(MigrationStatus.Known.COMPLETED);
      }
      List<QmpEvent> told = new ArrayList<>();
      for (var each = events.poll(); each.isPresent(); each = events.poll()) {
        told.add(each.get().typed());
      }
      assertThat(told)
          .contains(new QmpEvent.MigrationPass(1, JsonObject.of("pass", 1)))
          .contains(
              new QmpEvent.Migration(
                  MigrationStatus.Known.COMPLETED, JsonObject.of("status", "completed")));
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void allCapabilitiesAndParametersAreKnownAndCanBeSet(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL)) {
      QmpClient qmp = vm.client();
      Set<String> capabilities = qmp.execute(new QueryMigrateCapabilities()).keySet();
      assertThat(capabilities)
          .allMatch(name -> MigrationCapability.of(name) instanceof MigrationCapability.Known);
      qmp.execute(
          MigrateSetCapabilities.on(
              MigrationCapability.Known.XBZRLE, MigrationCapability.Known.EVENTS));
      qmp.execute(MigrateSetCapabilities.off(MigrationCapability.Known.XBZRLE));
      assertThat(qmp.execute(new QueryMigrateCapabilities()))
          .containsEntry("events", true)
          .containsEntry("xbzrle", false);

      MigrationParameters all = new MigrationParameters(qmp.execute(new QueryMigrateParameters()));
      List<MigrationParameter<?>> known = parameters();
      assertThat(known.stream().map(MigrationParameter::wireName).collect(Collectors.toSet()))
          .containsAll(all.raw().members().keySet());
      int set = 0;
      for (MigrationParameter<?> parameter : known) {
        boolean there = all.raw().has(parameter.wireName());
        if (there) {
          assertThat(qmp.schema().hasMigrationParameter(parameter.wireName())).isTrue();
          setToItself(qmp, all, parameter);
          set++;
        }
      }
      assertThat(set).isGreaterThan(15);
      qmp.execute(
          new MigrateSetParameters(
              MigrationParameters.NONE.with(
                  MigrationParameter.DOWNTIME_LIMIT, Duration.ofMillis(7))));
      assertThat(
              new MigrationParameters(qmp.execute(new QueryMigrateParameters()))
                  .get(MigrationParameter.DOWNTIME_LIMIT))
          .contains(Duration.ofMillis(7));
      assertThat(all.get(MigrationParameter.of("of-tomorrow"))).isEmpty();
    }
  }

  private static <T> void setToItself(
      QmpClient qmp, MigrationParameters all, MigrationParameter<T> parameter) throws Exception {
    T value = all.get(parameter).orElseThrow();
    MigrationParameters same = MigrationParameters.NONE.with(parameter, value);
    assertThat(same.raw())
        .isEqualTo(JsonObject.of(parameter.wireName(), all.raw().value(parameter.wireName())));
    qmp.execute(new MigrateSetParameters(same));
  }

  private static List<MigrationParameter<?>> parameters() throws IllegalAccessException {
    List<MigrationParameter<?>> all = new ArrayList<>();
    for (var field : Arrays.asList(MigrationParameter.class.getFields())) {
      if (Modifier.isStatic(field.getModifiers())) {
        all.add((MigrationParameter<?>) field.get(null));
      }
    }
    return all;
  }

  /// Breaks a postcopy out of band, and recovers it. The destination answers nothing else
  /// meanwhile:
  /// its main loop waits for a page of the guest.
  @ParameterizedTest
  @MethodSource(BINARIES)
  void aPostcopyIsPausedAndRecovered(QemuBinary binary) throws Exception {
    try (LiveQemu from = LiveQemu.start(binary, SMALL);
        LiveQemu to = LiveQemu.start(binary, WAITING);
        EventListener events = to.client().listen("RESUME")) {
      for (LiveQemu vm : List.of(from, to)) {
        vm.client().execute(MigrateSetCapabilities.on(MigrationCapability.Known.POSTCOPY_RAM));
      }
      limitBandwidth(from, 50_000);
      String first = "unix:" + to.folder().resolve("first");
      to.client().execute(new MigrateIncoming(first));
      from.client().execute(new Migrate(first));
      await(from, MigrationStatus.Known.ACTIVE);
      from.client().execute(new MigrateStartPostcopy());
      assertThat(events.next(LiveQemu.PATIENCE)).isPresent();
      from.client().executeOutOfBand(new MigratePause());
      await(from, MigrationStatus.Known.POSTCOPY_PAUSED);

      String second = "unix:" + to.folder().resolve("second");
      recover(to, second);
      limitBandwidth(from, 0);
      from.client().execute(Migrate.resuming(second));
      await(from, MigrationStatus.Known.COMPLETED);
      await(to, MigrationStatus.Known.COMPLETED);
      assertThat(to.client().execute(new QueryStatus()).running()).isTrue();
    }
  }

  private static void limitBandwidth(LiveQemu vm, long bytesPerSecond) throws Exception {
    vm.client()
        .execute(
            new MigrateSetParameters(
                MigrationParameters.NONE
                    .with(MigrationParameter.MAX_BANDWIDTH, bytesPerSecond)
                    .with(MigrationParameter.MAX_POSTCOPY_BANDWIDTH, bytesPerSecond)));
  }

  /// The destination takes it only once it has noticed that the connection is broken.
  private static void recover(LiveQemu to, String uri) throws Exception {
    long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
    while (true) {
      try {
        to.client().executeOutOfBand(new MigrateRecover(uri));
        return;
      } catch (QmpException.CommandFailed e) {
        assertThat(System.nanoTime()).as("%s", e.getMessage()).isLessThan(end);
        Thread.sleep(10);
      }
    }
  }

  private static void await(LiveQemu vm, MigrationStatus wanted) throws Exception {
    MigrationInfo info = vm.client().execute(new QueryMigrate());
    while (!info.status().equals(wanted)) {
      assertThat(info.status().isOver()).as("%s instead of %s", info, wanted).isFalse();
      Thread.sleep(10);
      info = vm.client().execute(new QueryMigrate());
    }
  }
}
