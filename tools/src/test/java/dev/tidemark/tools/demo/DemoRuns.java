// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.saver.LiveSaver;
import dev.tidemark.saver.SaveOptions;
import dev.tidemark.saver.SaveReport;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalLong;

/// Small demo VMs for live tests.
final class DemoRuns {
  static final Duration PATIENCE = Duration.ofSeconds(60);

  /// 64 MiB of RAM, 16 MiB of them rewritten four times a second.
  static final DemoMachine SMALL =
      DemoMachine.DEFAULT.with(64L << 20, DemoGuest.DEFAULT.withWorkingSet(16L << 20));

  private DemoRuns() {}

  static DemoMachine small(QemuBinary binary) {
    return SMALL.withQemu(binary.path().toString());
  }

  static DemoMachine atFullSpeed(QemuBinary binary) {
    DemoGuest guest = SMALL.guest().withRate(OptionalLong.empty());
    return SMALL.with(SMALL.memoryBytes(), guest).withQemu(binary.path().toString());
  }

  /// What a VM was saved as.
  record Saved(GuestLine.Hello hello, SaveReport report) {}

  /// Boots a VM in a folder, saves it when it is in its third walk, and kills it.
  static Saved save(DemoMachine machine, Path folder, Path file) throws Exception {
    try (DemoVm vm = DemoVm.boot(machine, folder, folder);
        QmpClient qmp = vm.connect()) {
      GuestLine.Hello hello = vm.console().awaitHello(PATIENCE);
      vm.console().awaitInWalk(3, PATIENCE);
      try (FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
        return new Saved(hello, LiveSaver.of(qmp, SaveOptions.defaults()).save(target));
      }
    }
  }
}
