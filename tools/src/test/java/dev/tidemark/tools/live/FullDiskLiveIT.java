// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.command.QueryMigrateCapabilities;
import dev.tidemark.qmp.command.QueryMigrateParameters;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.tools.Cli;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A save onto a disk that becomes full. Needs the right to mount one that small.
@Timeout(120)
class FullDiskLiveIT {
  private static final String MOUNT_SIZE = "size=8m";

  @TempDir Path folder;
  private Path disk = Path.of("");

  @BeforeEach
  void mount() throws Exception {
    disk = Files.createDirectory(folder.resolve("disk"));
    int code = Commands.exitCode("mount", "-t", "tmpfs", "-o", MOUNT_SIZE, "none", "" + disk);
    Commands.need(code == 0, "a small disk cannot be mounted here (mount ended with " + code + ")");
  }

  @AfterEach
  void unmount() throws Exception {
    // Lazily: whatever a failed test still has open there must not keep it.
    var _ = Commands.exitCode("umount", "-l", "" + disk);
  }

  @ParameterizedTest
  @MethodSource("dev.tidemark.qmp.fixture.LiveQemu#binaries")
  void itIsSaidInOneLineAndTheVmIsWhatItWas(QemuBinary binary) throws Exception {
    Path file = disk.resolve("vm.tmk");
    try (LiveQemu vm = LiveQemu.start(binary, LiveQemu.linux("{dir}/serial"))) {
      vm.awaitFile("serial", text -> text.contains("tidemark-linux ready"));
      List<Object> settings = settings(vm);
      for (int i = 0; i < 3; i++) {
        Cli run = Commands.failing("save", "--quiet", "--qmp", vm.qmpPath(), "-o", file);
        assertThat(run.code()).as(run.err()).isEqualTo(1);
        assertThat(run.err()).startsWith("tidemark: " + file + ": no space left on device; ");
        assertThat(disk).isEmptyDirectory();
        assertThat(Commands.status(vm.qmpPath())).isEqualTo(RunState.Known.RUNNING);
        assertThat(settings(vm)).isEqualTo(settings);
      }
      String before = vm.awaitFile("serial", text -> true);
      vm.awaitFile("serial", text -> Consoles.lastCount(text) > Consoles.lastCount(before) + 3);

      Path elsewhere = folder.resolve("vm.tmk");
      Commands.save(vm.qmpPath(), elsewhere);
      Commands.good("verify", "--quiet", elsewhere);
    }
  }

  /// As the next monitor sees them.
  private static List<Object> settings(LiveQemu vm) throws Exception {
    try {
      return List.of(
          vm.client().execute(new QueryMigrateCapabilities()),
          vm.client().execute(new QueryMigrateParameters()));
    } finally {
      vm.releaseMonitor();
    }
  }
}
