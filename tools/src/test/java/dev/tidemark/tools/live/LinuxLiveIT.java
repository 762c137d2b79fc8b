// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.QmpAddress;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.Cont;
import dev.tidemark.qmp.command.QueryMigrateCapabilities;
import dev.tidemark.qmp.command.QueryMigrateParameters;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.qmp.command.Stop;
import dev.tidemark.qmp.fixture.QemuBinary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A Linux VM started by hand, saved and restored with the command.
@Timeout(300)
class LinuxLiveIT {
  private static final String BINARIES = "dev.tidemark.qmp.fixture.LiveQemu#binaries";
  private static final int SAVES = 20;

  @TempDir Path folder;

  @ParameterizedTest
  @MethodSource(BINARIES)
  void runningItIsSavedTwentyTimesAndItsCopyRunsBesideIt(QemuBinary binary) throws Exception {
    Path file = folder.resolve("vm.tmk");
    try (HandStarted source = HandStarted.consoleOnSocket(binary, folder.resolve("vm"))) {
      List<Object> settings = settings(source);
      for (int i = 0; i < SAVES; i++) {
        long before = Consoles.lastCount(source.serial());
        assertThat(Commands.save(source.qmp(), file, "--force").out()).contains("running");
        assertThat(Commands.status(source.qmp())).isEqualTo(RunState.Known.RUNNING);
        Consoles.awaitCount(source.serial(), before + 1);
      }
      assertThat(settings(source)).isEqualTo(settings);
      Consoles.assertShellAnswers(source.console());
      copyRunsBeside(source, file);
    }
    assertThat(folder).isDirectoryNotContaining("glob:**/.*.part-*");
  }

  private void copyRunsBeside(HandStarted source, Path file) throws Exception {
    long atLeast = Consoles.lastCount(source.serial());
    Commands.save(source.qmp(), file, "--force");
    long atMost = Consoles.lastCount(source.serial()) + 2;
    Map<String, Object> files = source.files();
    String serial = Files.readString(source.serial());
    try (RestoredVm copy = RestoredVm.of(file, folder.resolve("copy"))) {
      assertThat(copy.runState()).isEqualTo("running");
      Path log = copy.file("-log.log");
      String counted = Consoles.awaitCount(log, atMost + 5);
      assertThat(Consoles.firstCount(counted)).isBetween(atLeast, atMost);
      assertThat(counted).doesNotContain("tidemark-linux ready");
      Consoles.assertShellAnswers(copy.file("console.sock"));
      assertThat(Commands.status(copy.qmp())).isEqualTo(RunState.Known.RUNNING);

      source.assertUnharmed(files, serial);
      assertThat(Commands.status(source.qmp())).isEqualTo(RunState.Known.RUNNING);
      Consoles.awaitCount(source.serial(), Consoles.lastCount(source.serial()) + 3);
      Consoles.assertShellAnswers(source.console());
    }
    source.assertUnharmed(files, serial);
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void pausedItStaysPausedAndSoIsItsCopy(QemuBinary binary) throws Exception {
    Path file = folder.resolve("vm.tmk");
    try (HandStarted source = HandStarted.consoleInFile(binary, folder.resolve("vm"))) {
      stop(source.qmp());
      long stoppedAt = Consoles.lastCount(source.serial());
      for (int i = 0; i < SAVES; i++) {
        assertThat(Commands.save(source.qmp(), file, "--force").out()).contains("paused");
        assertThat(Commands.status(source.qmp())).isEqualTo(RunState.Known.PAUSED);
      }
      assertThat(Consoles.lastCount(source.serial())).isEqualTo(stoppedAt);
      Map<String, Object> files = source.files();
      String serial = Files.readString(source.serial());
      try (RestoredVm copy = RestoredVm.of(file, folder.resolve("copy"))) {
        assertThat(copy.runState()).isEqualTo("paused");
        assertThat(Commands.status(copy.qmp())).isEqualTo(RunState.Known.PAUSED);
        assertThat(Consoles.lastCount(copy.file("serial0.log"))).isEqualTo(-1);
        cont(copy.qmp());
        String counted = Consoles.awaitCount(copy.file("serial0.log"), stoppedAt + 5);
        // The line that was on its way when the VM was stopped may be cut in two.
        assertThat(Consoles.firstCount(counted)).isBetween(stoppedAt + 1, stoppedAt + 2);
      }
      source.assertUnharmed(files, serial);
      assertThat(Commands.status(source.qmp())).isEqualTo(RunState.Known.PAUSED);
      cont(source.qmp());
      Consoles.awaitCount(source.serial(), stoppedAt + 3);
    }
  }

  private static void stop(Path qmp) throws IOException, InterruptedException {
    try (QmpClient client = QmpClient.connect(QmpAddress.unix(qmp))) {
      client.execute(new Stop());
    }
  }

  private static void cont(Path qmp) throws IOException, InterruptedException {
    try (QmpClient client = QmpClient.connect(QmpAddress.unix(qmp))) {
      client.execute(new Cont());
    }
  }

  private static List<Object> settings(HandStarted vm) throws IOException, InterruptedException {
    try (QmpClient client = QmpClient.connect(QmpAddress.unix(vm.qmp()))) {
      return List.of(
          client.execute(new QueryMigrateCapabilities()),
          client.execute(new QueryMigrateParameters()));
    }
  }
}
