// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tidemark.qmp.command.Pmemsave;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.command.QueryYank;
import dev.tidemark.qmp.command.VmStatus;
import dev.tidemark.qmp.command.Yank;
import dev.tidemark.qmp.command.YankInstance;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Out-of-band commands of real QEMUs.
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class OutOfBandLiveIT {
  private static final String BINARIES = "dev.tidemark.qmp.fixture.LiveQemu#binaries";

  /// A `pmemsave` into a pipe that nobody reads blocks QEMU's main loop.
  @ParameterizedTest
  @MethodSource(BINARIES)
  void anOutOfBandCommandAnswersWhileTheMainLoopIsBlocked(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, List.of("-m", "64"))) {
      QmpClient qmp = vm.client();
      assertThat(qmp.isOutOfBand()).isTrue();
      Path pipe = vm.folder().resolve("pipe");
      assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();

      var blocked = qmp.submit(new Pmemsave(0, 4096, pipe.toString()));
      List<CompletableFuture<VmStatus>> behind = new ArrayList<>();
      for (int i = 0; i < 100; i++) { // more than QEMU's queue holds
        behind.add(qmp.submit(new QueryStatus(), LiveQemu.PATIENCE));
      }
      assertThatExceptionOfType(QmpException.DeadlineExceeded.class)
          .isThrownBy(() -> qmp.execute(new QueryStatus(), Duration.ofMillis(200)));
      List<YankInstance> instances = qmp.executeOutOfBand(new QueryYank());
      assertThat(instances).extracting(YankInstance::type).contains("chardev");
      qmp.executeOutOfBand(new Yank(List.of()));
      assertThat(blocked).isNotDone();
      assertThat(behind).noneMatch(CompletableFuture::isDone);

      assertThat(Files.readAllBytes(pipe)).hasSize(4096);
      assertThat(blocked).succeedsWithin(LiveQemu.PATIENCE);
      for (CompletableFuture<VmStatus> each : behind) {
        assertThat(each.get(60, TimeUnit.SECONDS).running()).isTrue();
      }
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void commandsThatCannotGoOutOfBandAreRefusedByQemu(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, List.of("-m", "64"))) {
      assertThatExceptionOfType(QmpException.CommandFailed.class)
          .isThrownBy(() -> vm.client().executeOutOfBand(new QueryStatus()))
          .withMessageContaining("OOB");
      vm.releaseMonitor();
      try (QmpClient without =
          QmpClient.connect(vm.qmpAddress(), QmpOptions.DEFAULT.withOob(false))) {
        assertThatExceptionOfType(QmpException.Unsupported.class)
            .isThrownBy(() -> without.executeOutOfBand(new QueryYank()))
            .withMessageContaining("query-yank: out-of-band commands are not negotiated");
        assertThat(without.execute(new QueryYank())).isNotEmpty();
      }
    }
  }
}
