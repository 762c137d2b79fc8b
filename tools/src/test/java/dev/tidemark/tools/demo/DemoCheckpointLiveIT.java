// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.qmp.fixture.QemuBinary;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every page of a checkpoint that was made while the guest worked holds what the guest's rules
/// say,
/// for one moment that is the same for all pages. No restore is involved.
class DemoCheckpointLiveIT {
  @TempDir Path folder;

  @ParameterizedTest
  @MethodSource("dev.tidemark.qmp.fixture.LiveQemu#binaries")
  void everyPageIsOfTheSameMoment(QemuBinary binary) throws Exception {
    check(DemoRuns.small(binary));
  }

  @ParameterizedTest
  @MethodSource("dev.tidemark.qmp.fixture.LiveQemu#binaries")
  void everyPageIsOfTheSameMomentThoughTheGuestNeverRests(QemuBinary binary) throws Exception {
    check(DemoRuns.atFullSpeed(binary));
  }

  @ParameterizedTest
  @MethodSource("dev.tidemark.qmp.fixture.LiveQemu#binaries")
  void everyPageIsOfTheSameMomentOnQ35(QemuBinary binary) throws Exception {
    check(DemoRuns.small(binary).withType("q35"));
  }

  private void check(DemoMachine machine) throws Exception {
    Path file = folder.resolve("demo.tmk");
    DemoRuns.Saved saved = DemoRuns.save(machine, folder, file);
    assertThat(saved.report().pagesResent()).isPositive();
    try (Checkpoint checkpoint = Checkpoint.open(file);
        CheckpointModel model = new CheckpointModel(checkpoint, saved.hello())) {
      assertThat(model.problems()).isEmpty();
      assertThat(model.walk()).isGreaterThanOrEqualTo(3);
      // That would mean that the reader showed zeroes for what it did not find.
      assertThat(model.isZeroPage(model.memory().hello().dirty().start())).isFalse();
    }
  }
}
