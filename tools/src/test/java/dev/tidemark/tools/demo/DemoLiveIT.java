// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.saver.SaveMethod;
import dev.tidemark.saver.SaveOptions;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The main job from beginning to end.
@Tag("alone")
class DemoLiveIT {
  private static final long MIB = 1 << 20;

  /// Where a busy machine has no time for a small VM, the budget is a warning, not a failure.
  private static final Duration NOT_STOPPED_THROUGHOUT = Duration.ofSeconds(1);

  @ParameterizedTest
  @MethodSource("dev.tidemark.qmp.fixture.LiveQemu#binaries")
  void aWorkingVmComesBackIntact(QemuBinary binary) throws Exception {
    DemoReport report = passed(DemoRuns.small(binary), SaveOptions.defaults());
    assertThat(report.qemuVersion()).isEqualTo(binary.version());
    assertThat(report.save().pagesResent()).isPositive();
    assertThat(report.save().spills()).isZero();
    assertThat(report.ticksDuringSave()).isPositive();
    assertThat(report.save().downtime())
        .hasValueSatisfying(
            downtime -> assertThat(downtime.total()).isLessThan(NOT_STOPPED_THROUGHOUT));
    assertThat(report.pauseByTicks()).isPresent();
    assertThat(report.restored().walks()).isEqualTo(2);
    assertThat(report.restored().pagesChecked()).isEqualTo(report.hello().pages());
  }

  @ParameterizedTest
  @MethodSource("dev.tidemark.qmp.fixture.LiveQemu#binaries")
  void aStoppedCopyComesBackIntact(QemuBinary binary) throws Exception {
    DemoReport report =
        passed(DemoRuns.small(binary), SaveOptions.builder().method(SaveMethod.STOP_COPY).build());
    assertThat(report.save().pagesResent()).isZero();
  }

  @ParameterizedTest
  @MethodSource("dev.tidemark.qmp.fixture.LiveQemu#binaries")
  void compressibleMemoryOnQ35TakesLessThanItsSize(QemuBinary binary) throws Exception {
    DemoMachine machine = DemoRuns.small(binary).withType("q35");
    DemoReport report =
        passed(
            machine.with(machine.memoryBytes(), machine.guest().withFill(Fill.HALF)),
            SaveOptions.defaults());
    assertThat(report.save().fileBytes()).isLessThan(report.save().ramBytes() * 3 / 4);
  }

  @Test
  void aTableTooSmallForTheDirtyPagesSpillsThem() throws Exception {
    QemuBinary binary = LiveQemu.installed().getFirst();
    DemoMachine machine = DemoRuns.atFullSpeed(binary);
    DemoReport report =
        passed(
            machine.with(128 * MIB, machine.guest().withWorkingSet(48 * MIB)),
            SaveOptions.builder().bufferBytes(8 * MIB).build());
    assertThat(report.save().spills()).isPositive();
    assertThat(report.save().pagesSpilled()).isPositive();
  }

  @Test
  void aReceiverOfFiftyMegabytesASecondIsEnough() throws Exception {
    DemoReport report =
        passed(
            DemoRuns.small(LiveQemu.installed().getFirst()),
            SaveOptions.builder().receiveBytesPerSecond(50_000_000).build());
    assertThat(report.save().streamTime()).isGreaterThan(Duration.ofMillis(800));
  }

  @Test
  void twoGibibytesComeBackIntact() throws Exception {
    QemuBinary binary = LiveQemu.installed().getFirst();
    DemoReport report =
        passed(
            DemoMachine.DEFAULT
                .withQemu(binary.path().toString())
                .with(2048 * MIB, DemoGuest.DEFAULT.withFill(Fill.ZERO)),
            SaveOptions.defaults());
    assertThat(report.save().ramBytes()).isGreaterThanOrEqualTo(2048 * MIB);
  }

  @Test
  void theCheckpointIsKeptWhereItIsAskedForAndNeverReplaced(@TempDir Path folder) throws Exception {
    Path keep = folder.resolve("new");
    DemoOptions options =
        DemoOptions.DEFAULT
            .withMachine(DemoRuns.small(LiveQemu.installed().getFirst()))
            .withKeep(keep);
    DemoReport report = new Demo(options, DemoListener.NONE).run();
    Path file = report.file().orElseThrow();
    assertThat(file).isEqualTo(keep.resolve("demo.tmk"));
    assertThat(Files.size(file)).isEqualTo(report.save().fileBytes());
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      assertThat(checkpoint.manifest()).isPresent();
    }
    assertThatThrownBy(() -> new Demo(options, DemoListener.NONE).run())
        .isInstanceOf(FileAlreadyExistsException.class);
  }

  @Test
  void aQemuThatIsNotThereIsSaidInOneLine() {
    DemoOptions options =
        DemoOptions.DEFAULT.withMachine(DemoMachine.DEFAULT.withQemu("/no/such/qemu"));
    assertThatThrownBy(() -> new Demo(options, DemoListener.NONE).run())
        .isInstanceOf(GuestFailure.class)
        .hasMessageStartingWith("cannot start /no/such/qemu; install QEMU");
  }

  @Test
  void aQemuThatRefusesItsOptionsIsQuoted(@TempDir Path folder) {
    DemoMachine machine =
        new DemoMachine(
            LiveQemu.installed().getFirst().path().toString(),
            "pc",
            "kvm",
            64 * MIB,
            DemoRuns.SMALL.guest());
    if (Files.isWritable(Path.of("/dev/kvm"))) {
      return;
    }
    assertThatThrownBy(() -> DemoVm.boot(machine, folder, folder))
        .isInstanceOf(GuestFailure.class)
        .hasMessageStartingWith("QEMU did not start: ");
  }

  private static DemoReport passed(DemoMachine machine, SaveOptions save) throws Exception {
    List<String> story = new ArrayList<>();
    DemoListener listener =
        new DemoListener() {
          @Override
          public void says(String line) {
            story.add(line);
          }
        };
    DemoOptions options = DemoOptions.DEFAULT.withMachine(machine).withSave(save);
    long before = leftovers();
    DemoReport report = new Demo(options, listener).run();
    assertThat(report.problems()).as(String.join("\n", story)).isEmpty();
    assertThat(report.restored().wrong()).isEmpty();
    assertThat(leftovers()).isEqualTo(before);
    return report;
  }

  /// Demo VMs that this process has started and that still run.
  private static long leftovers() {
    return ProcessHandle.current()
        .descendants()
        .filter(process -> process.info().command().orElse("").contains("qemu-system"))
        .count();
  }
}
