// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.qmp.command.QueryMigrateCapabilities;
import dev.tidemark.qmp.command.QueryMigrateParameters;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.qmp.command.Stop;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.qmp.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LiveSaverLiveIT {
  @TempDir Path folder;

  @ParameterizedTest
  @MethodSource("dev.tidemark.qmp.fixture.LiveQemu#binaries")
  void aRunningLinuxIsSavedTwentyTimesInARowAndRunsOn(QemuBinary binary) throws Exception {
    try (LiveQemu vm = linux(binary)) {
      Map<String, Boolean> capabilities = vm.client().execute(new QueryMigrateCapabilities());
      JsonObject parameters = vm.client().execute(new QueryMigrateParameters());
      for (int i = 0; i < 20; i++) {
        Path file = folder.resolve("vm.tmk");
        SaveReport report = save(vm, file, SaveOptions.builder());
        assertThat(report.runState()).isEqualTo("running");
        assertThat(report.downtime()).isPresent();
        assertThat(report.pagesSent()).isGreaterThanOrEqualTo(report.ramBytes() / 4096);
        assertThat(status(vm)).isEqualTo(RunState.Known.RUNNING);
        try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(file))) {
          Manifest manifest = checkpoint.manifest().orElseThrow();
          assertThat(manifest.runState()).isEqualTo("running");
          assertThat(manifest.qemuVersion()).startsWith(binary.major() + ".");
          assertThat(manifest.commandLine()).isPresent();
          assertThat(manifest.capabilities()).containsExactly("events", "return-path");
        }
        Files.delete(file);
      }
      assertThat(vm.client().execute(new QueryMigrateCapabilities())).isEqualTo(capabilities);
      assertThat(vm.client().execute(new QueryMigrateParameters())).isEqualTo(parameters);
      String before = vm.awaitFile("serial", text -> true);
      vm.awaitFile("serial", text -> text.length() > before.length() + 20);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.tidemark.qmp.fixture.LiveQemu#binaries")
  void aPausedVmStaysPausedAndCanBeSavedAgain(QemuBinary binary) throws Exception {
    try (LiveQemu vm = linux(binary)) {
      vm.client().execute(new Stop());
      for (int i = 0; i < 3; i++) {
        Path file = folder.resolve("paused-" + i + ".tmk");
        SaveReport report = save(vm, file, SaveOptions.builder());
        assertThat(report.runState()).isEqualTo("paused");
        assertThat(report.downtime()).isEmpty();
        assertThat(status(vm)).isEqualTo(RunState.Known.PAUSED);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.tidemark.qmp.fixture.LiveQemu#binaries")
  void stopCopyStopsTheGuestForAllOfIt(QemuBinary binary) throws Exception {
    try (LiveQemu vm = linux(binary)) {
      SaveReport report =
          save(vm, folder.resolve("vm.tmk"), SaveOptions.builder().method(SaveMethod.STOP_COPY));
      assertThat(report.downtime()).isPresent();
      assertThat(report.pagesResent()).isLessThan(report.pagesSent() / 20);
      assertThat(status(vm)).isEqualTo(RunState.Known.RUNNING);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.tidemark.qmp.fixture.LiveQemu#binaries")
  void aVmWithAWritableDiskIsRefusedUnlessItIsLeftOut(QemuBinary binary) throws Exception {
    Path image = folder.resolve("disk.raw");
    Files.write(image, new byte[1 << 20]);
    List<String> arguments = new ArrayList<>(List.of("-m", "32"));
    arguments.addAll(
        List.of(
            "-drive",
            "if=none,id=d0,format=raw,file=" + image,
            "-device",
            "virtio-blk-pci,drive=d0"));
    try (LiveQemu vm = LiveQemu.start(binary, arguments)) {
      Path file = folder.resolve("vm.tmk");
      assertThatThrownBy(() -> save(vm, file, SaveOptions.builder()))
          .isInstanceOf(SaveException.DisksUndecided.class)
          .hasMessageContaining("d0")
          .hasMessageContaining("--disks none");
      assertThat(file).doesNotExist();
      SaveReport report = save(vm, file, SaveOptions.builder().disksNone(true));
      assertThat(report.fileBytes()).isEqualTo(Files.size(file));
    }
  }

  @ParameterizedTest
  @MethodSource("dev.tidemark.qmp.fixture.LiveQemu#binaries")
  void aCancelledSaveLeavesTheGuestRunningAndNoFile(QemuBinary binary) throws Exception {
    try (LiveQemu vm = linux(binary)) {
      Path file = folder.resolve("vm.tmk");
      try (FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
        LiveSaver[] saver = new LiveSaver[1];
        SaveOptions options =
            SaveOptions.builder()
                .listener(
                    new SaveListener() {
                      @Override
                      public void stage(SaveStage stage) {
                        if (stage == SaveStage.FIRST_PASS) {
                          saver[0].cancel();
                        }
                      }
                    })
                .build();
        saver[0] = LiveSaver.of(vm.client(), options);
        assertThatThrownBy(() -> saver[0].save(target)).isInstanceOf(SaveException.Cancelled.class);
      }
      assertThat(status(vm)).isEqualTo(RunState.Known.RUNNING);
      assertThat(folder).isEmptyDirectory();
      assertThat(vm.client().execute(new QueryMigrateCapabilities()))
          .containsEntry("events", false);
    }
  }

  private LiveQemu linux(QemuBinary binary) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("-m", "128"));
    arguments.addAll(LiveQemu.linux("serial"));
    LiveQemu vm = LiveQemu.start(binary, arguments);
    vm.awaitFile("serial", text -> text.contains("tidemark-linux ready"));
    return vm;
  }

  private static SaveReport save(LiveQemu vm, Path file, SaveOptions.Builder options)
      throws Exception {
    try (FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
      return LiveSaver.of(vm.client(), options.build()).save(target);
    }
  }

  private static RunState status(LiveQemu vm) throws Exception {
    return vm.client().execute(new QueryStatus()).status();
  }
}
