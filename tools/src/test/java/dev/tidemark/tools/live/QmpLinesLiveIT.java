// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.tools.Cli;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// `tidemark qmp` and real QEMUs.
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class QmpLinesLiveIT {

  @ParameterizedTest
  @MethodSource("dev.tidemark.qmp.fixture.LiveQemu#binaries")
  void linesAreCommandsToTheFirstThatFails(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, List.of("-m", "64"))) {
      vm.releaseMonitor();
      Cli one = Cli.run("qmp", "--qmp", vm.qmpPath(), "query-status");
      assertThat(one.ok().out()).contains("\"running\" : true");
      Cli pairs =
          Cli.run(
              "qmp", "--qmp", vm.qmpPath(), "human-monitor-command", "command-line=\"info name\"");
      assertThat(pairs.code()).isZero();

      String lines =
          """
          # a comment
          stop
          query-status
          {"execute": "cont"}
          migrate-set-capabilities capabilities=[{"capability":"of-tomorrow","state":true}]
          system_reset
          """;
      Cli several = Cli.runWithInput(lines, "qmp", "--qmp", vm.qmpPath());
      assertThat(several.code()).isEqualTo(6);
      assertThat(several.out()).contains("\"status\" : \"paused\"");
      assertThat(several.err())
          .containsPattern("\\d\\d:\\d\\d:\\d\\d\\.\\d{3} STOP\n")
          .containsPattern(" RESUME\n")
          .contains(
              "tidemark: migrate-set-capabilities: this QEMU has no \"of-tomorrow\""
                  + " (capabilities[0].capability)")
          .doesNotContain("RESET");

      Cli end = Cli.runWithInput("quit\n", "qmp", "--qmp", vm.qmpPath());
      assertThat(end.code()).isZero();
      assertThat(vm.process().waitFor(60, TimeUnit.SECONDS)).isTrue();
    }
  }
}
