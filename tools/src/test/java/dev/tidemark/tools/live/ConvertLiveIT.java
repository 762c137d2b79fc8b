// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.Cont;
import dev.tidemark.qmp.command.Migrate;
import dev.tidemark.qmp.command.MigrateSetCapabilities;
import dev.tidemark.qmp.command.Stop;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.tools.demo.DemoGuest;
import dev.tidemark.tools.demo.DemoMachine;
import dev.tidemark.tools.demo.DemoVm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What `convert` makes of the files of a QEMU is loaded by that QEMU, and the guest finds its
/// memory
/// right.
@Timeout(300)
class ConvertLiveIT {
  private static final DemoMachine MACHINE =
      DemoMachine.DEFAULT.with(32 << 20, DemoGuest.DEFAULT.withWorkingSet(4 << 20));

  @TempDir Path folder;

  static Stream<QemuBinary> binaries() {
    return LiveQemu.binaries();
  }

  @ParameterizedTest
  @MethodSource("binaries")
  void whatWasConvertedGoesOn(QemuBinary binary) throws Exception {
    boolean mappedRam = binary.isAtLeast(9, 0);
    Map<String, Path> sources = new LinkedHashMap<>();
    IncomingVm.Origin origin = save(binary, mappedRam, sources);
    int number = 0;
    for (Map.Entry<String, Path> source : sources.entrySet()) {
      for (String form : forms(mappedRam)) {
        String name = source.getKey() + " to " + form;
        Path out = folder.resolve("out-" + number++);
        Commands.convert(source.getValue(), out, form);
        assertGoesOn(name, origin, out, form);
        Files.delete(out);
      }
    }
  }

  private static List<String> forms(boolean mappedRam) {
    return mappedRam ? List.of("stream", "archive", "mapped-ram") : List.of("stream", "archive");
  }

  /// A guest that works is stopped, and saved at that moment in every way that leaves it there.
  private IncomingVm.Origin save(QemuBinary binary, boolean mappedRam, Map<String, Path> sources)
      throws Exception {
    Path home = Files.createDirectory(folder.resolve("source"));
    Path image = folder.resolve("vm.qcow2");
    Savevm.create(image, "compat=1.1", "1M");
    try (DemoVm vm = DemoVm.boot(MACHINE.withQemu(binary.path().toString()), home, home);
        QmpClient qmp = vm.connect()) {
      Savevm.add(qmp, "vm", image);
      vm.console().awaitInWalk(2, LiveQemu.PATIENCE);
      qmp.execute(new Stop());
      Savevm.take(qmp, "vm", "one");
      sources.put("savevm", image);
      sources.put("gzip", migrate(qmp, "gzip", "exec:gzip -1 > "));
      if (mappedRam) {
        qmp.execute(new Cont());
        qmp.execute(new Stop());
        qmp.execute(new MigrateSetCapabilities(Map.of("mapped-ram", true)));
        sources.put("mapped-ram", migrate(qmp, "mapped-ram", "file:"));
      }
      return IncomingVm.Origin.of(MACHINE, home, vm);
    }
  }

  private Path migrate(QmpClient qmp, String name, String to) throws Exception {
    Path file = folder.resolve(name);
    qmp.execute(new Migrate(to + file));
    Migrations.awaitCompleted(name, qmp);
    return file;
  }

  private void assertGoesOn(String name, IncomingVm.Origin origin, Path file, String form)
      throws Exception {
    try (IncomingVm target = IncomingVm.start(origin, folder.resolve(name), "-S")) {
      target.load(file, form);
      target.assertGoesOn();
    }
  }
}
