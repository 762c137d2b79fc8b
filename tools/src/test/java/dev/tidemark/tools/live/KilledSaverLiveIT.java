// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.Cont;
import dev.tidemark.qmp.command.QueryMigrateCapabilities;
import dev.tidemark.qmp.command.QueryMigrateParameters;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.qmp.command.Stop;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.saver.SaveStage;
import dev.tidemark.tools.demo.DemoGuest;
import dev.tidemark.tools.demo.DemoMachine;
import dev.tidemark.tools.demo.DemoVm;
import dev.tidemark.tools.demo.Fill;
import dev.tidemark.tools.demo.GuestConsole;
import dev.tidemark.tools.demo.GuestLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// A saver that is killed at any stage leaves the VM running within two seconds, nothing under the
/// final name, and nothing that the next save does not put right.
///
/// One VM for each QEMU suffers all of it, and its guest, which checks its memory all the time,
/// must never find a page wrong.
@Tag("alone")
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KilledSaverLiveIT {
  private static final Duration BACK_WITHIN = Duration.ofSeconds(2);
  private static final Duration PATIENCE = LiveQemu.PATIENCE;
  private static final int TIMES = 3;
  private static final int TICK_MILLIS = 5;

  /// Small, and dirtied so fast that pages are sent again and the last iteration takes a while.
  private static final DemoMachine MACHINE =
      DemoMachine.DEFAULT.with(
          96L << 20,
          new DemoGuest(
              24L << 20, OptionalLong.of(64L << 20), Fill.HALF, TICK_MILLIS, true, false));

  @TempDir static Path folder = Path.of("");

  private final Map<QemuBinary, Victim> victims = new HashMap<>();

  static Stream<Arguments> stages() {
    return LiveQemu.installed().stream()
        .flatMap(
            binary ->
                Stream.of(SaveStage.values()).map(stage -> Arguments.of(binary, stage, TIMES)));
  }

  @ParameterizedTest(name = "{0}, {1}, {2} times")
  @MethodSource("stages")
  void killedAt(QemuBinary binary, SaveStage stage, int times) throws Exception {
    Victim victim = victim(binary);
    for (int i = 0; i < times; i++) {
      long pid = killedOnce(victim, stage);
      Commands.save(victim.socket(), victim.file());
      assertNothingButTheFile(victim);
      assertThat(victim.settings()).as("settings after the next save").isEqualTo(victim.before);
      assertThat(part(victim, pid)).doesNotExist();
      if (i == 0) {
        Commands.good("verify", "--quiet", victim.file());
      }
      Files.delete(victim.file());
    }
    victim.assertIntact();
  }

  @Test
  void doctorPutsTheSettingsBack() throws Exception {
    Victim victim = victim(LiveQemu.installed().getFirst());
    var _ = killedOnce(victim, SaveStage.LATER_PASS);
    assertThat(victim.settings()).as("settings of a killed saver").isNotEqualTo(victim.before);
    assertThat(Commands.good("doctor", "--qmp", victim.socket()).out())
        .contains("left over from a saver that was killed; put back now");
    assertThat(victim.settings()).isEqualTo(victim.before);
    assertThat(Commands.good("doctor", "--qmp", victim.socket()).out())
        .contains("nothing left over from a saver");
    Commands.save(victim.socket(), victim.file());
    assertNothingButTheFile(victim);
    Files.delete(victim.file());
  }

  @Test
  void aPausedVmStaysPaused() throws Exception {
    Victim victim = victim(LiveQemu.installed().getFirst());
    try (QmpClient qmp = victim.vm.connect()) {
      qmp.execute(new Stop());
    }
    for (SaveStage stage : List.of(SaveStage.FIRST_PASS, SaveStage.DEVICE_STATE)) {
      try (KilledSaver saver = KilledSaver.at(stage, victim.socket(), victim.file())) {
        awaitState(victim, saver.kill(), RunState.Known.PAUSED);
      }
      assertThat(victim.file()).doesNotExist();
      Commands.save(victim.socket(), victim.file());
      assertThat(victim.settings()).isEqualTo(victim.before);
      assertThat(Commands.status(victim.socket())).isEqualTo(RunState.Known.PAUSED);
      assertNothingButTheFile(victim);
      Files.delete(victim.file());
    }
    try (QmpClient qmp = victim.vm.connect()) {
      qmp.execute(new Cont());
    }
    victim.assertIntact();
  }

  @Test
  void aLiveSaversPartFileIsLeftAlone() throws Exception {
    Victim victim = victim(LiveQemu.installed().getFirst());
    Path other = victim.folder.resolve("other.tmk");
    try (KilledSaver saver = KilledSaver.at(SaveStage.CONNECTED, victim.socket(), other)) {
      Path part = victim.folder.resolve(".other.tmk.part-" + saver.pid());
      assertThat(Commands.failing("save", "--qmp", victim.socket(), "-o", victim.file()).code())
          .isEqualTo(6);
      assertThat(part).exists();
      awaitState(victim, saver.kill(), RunState.Known.RUNNING);
    }
    Commands.save(victim.socket(), victim.file());
    assertNothingButTheFile(victim);
    Files.delete(victim.file());
  }

  /// @return the process id of the saver that was
  private static long killedOnce(Victim victim, SaveStage stage) throws Exception {
    try (KilledSaver saver = KilledSaver.at(stage, victim.socket(), victim.file())) {
      long ticks = victim.lastTick();
      long killed = saver.kill();
      awaitState(victim, killed, RunState.Known.RUNNING);
      awaitTicks(victim, killed, ticks);
      if (stage == SaveStage.AFTER) {
        Commands.good("verify", "--quiet", victim.file());
        assertNothingButTheFile(victim);
        Files.delete(victim.file());
      } else {
        assertThat(victim.file()).doesNotExist();
      }
      return saver.pid();
    }
  }

  private static void awaitState(Victim victim, long killed, RunState wanted) throws Exception {
    try (QmpClient qmp = victim.vm.connect()) {
      RunState state = qmp.execute(new QueryStatus()).status();
      while (!state.equals(wanted)) {
        assertThat(sinceMillis(killed))
            .as("milliseconds after which the VM is still %s", state)
            .isLessThan(BACK_WITHIN.toMillis());
        Thread.sleep(5);
        state = qmp.execute(new QueryStatus()).status();
      }
    }
    assertThat(sinceMillis(killed))
        .as("milliseconds until it is %s", wanted)
        .isLessThan(BACK_WITHIN.toMillis());
  }

  private static void awaitTicks(Victim victim, long killed, long ticks) throws Exception {
    while (victim.lastTick() <= ticks + 10) {
      assertThat(sinceMillis(killed))
          .as("milliseconds after which the guest does not tick")
          .isLessThan(BACK_WITHIN.toMillis());
      Thread.sleep(5);
    }
  }

  private static long sinceMillis(long nanos) {
    return (System.nanoTime() - nanos) / 1_000_000;
  }

  private static void assertNothingButTheFile(Victim victim) throws IOException {
    try (Stream<Path> files = Files.list(victim.folder)) {
      assertThat(files).containsExactly(victim.file());
    }
  }

  private static Path part(Victim victim, long pid) {
    return victim.folder.resolve("." + victim.file().getFileName() + ".part-" + pid);
  }

  private Victim victim(QemuBinary binary) throws Exception {
    Victim victim = victims.get(binary);
    if (victim == null) {
      Path home = Files.createDirectory(folder.resolve("vm" + victims.size()));
      victim = Victim.boot(MACHINE.withQemu(binary.path().toString()), home);
      victims.put(binary, victim);
    }
    return victim;
  }

  @AfterAll
  void end() {
    victims.values().forEach(victim -> victim.vm.close());
  }

  /// A VM, how it was set before anybody saved it, and the folder of its checkpoints.
  private record Victim(DemoVm vm, Path home, Path folder, List<Object> before) {
    static Victim boot(DemoMachine machine, Path home) throws Exception {
      Path folder = Files.createDirectory(home.resolve("checkpoints"));
      DemoVm vm = DemoVm.boot(machine, home, home);
      try {
        vm.console().awaitInWalk(2, PATIENCE);
        return new Victim(vm, home, folder, settings(vm));
      } catch (Throwable e) {
        vm.close();
        throw e;
      }
    }

    Path socket() {
      return home.resolve("qmp.sock");
    }

    Path file() {
      return folder.resolve("vm.tmk");
    }

    List<Object> settings() throws IOException, InterruptedException {
      return settings(vm);
    }

    private static List<Object> settings(DemoVm vm) throws IOException, InterruptedException {
      try (QmpClient qmp = vm.connect()) {
        return List.of(
            qmp.execute(new QueryMigrateCapabilities()), qmp.execute(new QueryMigrateParameters()));
      }
    }

    long lastTick() {
      return vm.console().lastTick().map(GuestLine.Tick::number).orElse(0L);
    }

    /// The guest checks all of its memory twice, and has found nothing wrong so far.
    void assertIntact() throws Exception {
      GuestConsole console = vm.console();
      console.awaitWalks(console.walks() + 2, PATIENCE);
      assertThat(console.wrong()).isEmpty();
      assertThat(console.end()).isEmpty();
    }
  }
}
