// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.QmpAddress;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.Migrate;
import dev.tidemark.qmp.command.MigrationStatus;
import dev.tidemark.qmp.command.QueryMigrate;
import dev.tidemark.qmp.command.Stop;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.tools.Cli;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A Linux VM looked at, verified and compared: the same moment in two formats, and two moments.
@Timeout(300)
class DiffLiveIT {
  private static final String BINARIES = "dev.tidemark.qmp.fixture.LiveQemu#binaries";

  /// Counts of a block's line whose last three are zero, and the line of no other block.
  private static final String EQUAL = "  \\S+ +(\\d+) +\\1 +0 +0 +0";

  private static final int FIRST_STILL_VERSION = 9;

  @TempDir Path folder;

  @ParameterizedTest
  @MethodSource(BINARIES)
  void theFormatMakesNoDifferenceAndTimeDoes(QemuBinary binary) throws Exception {
    Path before = folder.resolve("before.tmk");
    Path after = folder.resolve("after.tmk");
    Path stream = folder.resolve("after.stream");
    try (HandStarted vm = HandStarted.consoleInFile(binary, folder.resolve("vm"))) {
      Commands.save(vm.qmp(), before);
      goOn(vm);
      Commands.save(vm.qmp(), after);
      migrate(vm, stream);
    }
    // QEMU before 9.0 lets a paused VM run for a moment behind a save.
    boolean still = binary.major() >= FIRST_STILL_VERSION;
    assertThat(blocks(Cli.run("diff", after, stream)))
        .allMatch(line -> line.matches(EQUAL) || (!still && line.startsWith("  pc.ram ")));
    Cli differ = Cli.run("diff", "--pages", before, after);
    assertThat(differ.code()).isEqualTo(1);
    assertThat(blocks(differ))
        .anyMatch(line -> line.startsWith("  pc.ram ") && !line.matches(EQUAL));
    assertThat(differ.out())
        .containsPattern("\\n  pc\\.ram +0x[0-9a-f]+ +0x[0-9a-f]+ +\\d+  differ\\n");

    for (Path file : new Path[] {after, stream}) {
      assertThat(Commands.good("verify", "--qemu=" + binary.path(), file).out())
          .contains(": ok: ", "  note     ", " has the machine type pc-")
          .contains("a VM that loads it becomes paused");
      assertThat(Commands.good("inspect", file).out())
          .containsPattern("data pages +sampled: 1024 of [0-9]{4,5} pages\\n")
          .containsPattern(" entropy +[3-7]\\.[0-9]{2} bits per byte\\n");
    }
  }

  private static List<String> blocks(Cli diff) {
    List<String> lines = diff.out().lines().skip(2).takeWhile(line -> !line.isEmpty()).toList();
    assertThat(lines).hasSizeGreaterThan(4);
    return lines;
  }

  private static void goOn(HandStarted vm) throws Exception {
    long count = Consoles.lastCount(vm.serial());
    try (QmpClient qmp = QmpClient.connect(QmpAddress.unix(vm.qmp()))) {
      Consoles.awaitCount(vm.serial(), count + 3);
      qmp.execute(new Stop());
    }
  }

  private static void migrate(HandStarted vm, Path file) throws Exception {
    try (QmpClient qmp = QmpClient.connect(QmpAddress.unix(vm.qmp()))) {
      qmp.execute(new Migrate("exec:cat > " + file));
      MigrationStatus status = qmp.execute(new QueryMigrate()).status();
      while (status != MigrationStatus.Known.COMPLETED) {
        assertThat(status).isNotEqualTo(MigrationStatus.Known.FAILED);
        Thread.sleep(20);
        status = qmp.execute(new QueryMigrate()).status();
      }
    }
  }
}
