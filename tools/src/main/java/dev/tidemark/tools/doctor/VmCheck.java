// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.doctor;

import dev.tidemark.qmp.QmpAddress;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.BlockDevice;
import dev.tidemark.qmp.command.MigrationInfo;
import dev.tidemark.qmp.command.MigrationStatus;
import dev.tidemark.qmp.command.QemuVersion;
import dev.tidemark.qmp.command.QueryBlock;
import dev.tidemark.qmp.command.QueryMigrate;
import dev.tidemark.qmp.command.QueryMigrateCapabilities;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.saver.guard.SettingsGuard;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Looks at a running VM: whether it can be saved. Puts back the settings that a saver which was
/// killed has left; changes nothing else.
public final class VmCheck {
  private VmCheck() {}

  /// Looks at everything.
  ///
  /// @param address the VM's monitor
  /// @return the findings, in a fixed order
  /// @throws IOException if it cannot be talked to
  /// @throws InterruptedException if the thread is interrupted
  public static List<Finding> run(QmpAddress address) throws IOException, InterruptedException {
    List<Finding> findings = new ArrayList<>();
    try (QmpClient qmp = QmpClient.connect(address)) {
      findings.add(version(qmp.version(), address));
      findings.add(Finding.ok("VM", "is " + qmp.execute(new QueryStatus()).status().wireName()));
      findings.add(process(qmp));
      findings.add(leftOvers(qmp));
      findings.add(returnPath(qmp.execute(new QueryMigrateCapabilities())));
      findings.add(migration(qmp.execute(new QueryMigrate())));
      findings.add(disks(qmp.execute(new QueryBlock())));
    }
    return findings;
  }

  private static Finding version(QemuVersion version, QmpAddress address) {
    String detail = version + " at " + address;
    return version.isAtLeast(7, 2)
        ? Finding.ok("monitor", detail)
        : Finding.warning("monitor", detail, "only QEMU 7.2 and newer are tested");
  }

  private static Finding process(QmpClient qmp) {
    Optional<Long> pid = qmp.peerPid();
    return pid.isPresent()
        ? Finding.ok("process", "pid " + pid.get())
        : Finding.warning(
            "process",
            "cannot be seen: its command line is not kept in the checkpoint",
            "restore with -- QEMU-ARGS");
  }

  private static Finding leftOvers(QmpClient qmp) throws IOException, InterruptedException {
    return SettingsGuard.putBackLeftOvers(qmp)
        ? Finding.ok("settings", "left over from a saver that was killed; put back now")
        : Finding.ok("settings", "nothing left over from a saver");
  }

  private static Finding returnPath(Map<String, Boolean> capabilities) {
    return capabilities.containsKey("return-path")
        ? Finding.ok("precopy", "supported (capability return-path)")
        : Finding.broken("precopy", "no capability return-path", "use QEMU 7.2 or newer");
  }

  private static Finding migration(MigrationInfo info) {
    if (!info.blockedReasons().isEmpty()) {
      return Finding.broken(
          "migration",
          "blocked: " + String.join("; ", info.blockedReasons()),
          "take away what blocks it: it blocks checkpoints too");
    }
    // "failed" is how every good save ends: the saver has QEMU put the guest back.
    return info.status().isOver() || info.status() == MigrationStatus.Known.NONE
        ? Finding.ok("migration", "not blocked, none is running")
        : Finding.warning(
            "migration", "one is running: " + info.status().wireName(), "wait until it is over");
  }

  private static Finding disks(List<BlockDevice> devices) {
    List<String> writable =
        devices.stream()
            .filter(BlockDevice::isWritable)
            .map(d -> d.device().isEmpty() ? d.qdev().orElse("unnamed") : d.device())
            .toList();
    return writable.isEmpty()
        ? Finding.ok("disks", "none that the guest can write")
        : Finding.warning(
            "disks",
            "writable: " + String.join(", ", writable),
            "'save' needs --disks none, and the checkpoint does not hold them");
  }
}
