// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The state of a virtual machine. Open: a value of another QEMU is an [Unknown].
///
/// Known ones can be compared with `==`: `status == RunState.Known.RUNNING`.
///
/// Format: `RunState` in `qapi/run-state.json`, QEMU 10.0.2.
public sealed interface RunState {

  /// The value as QEMU spells it.
  String wireName();

  /// The value for QEMU's spelling: a [Known] one, else an [Unknown].
  static RunState of(String wireName) {
    Known known = Known.BY_WIRE_NAME.get(wireName);
    return known != null ? known : new Unknown(wireName);
  }

  /// The values of QEMU 10.0.2.
  enum Known implements RunState {
    /// `debug`: stopped by a debugger.
    DEBUG("debug"),
    /// `inmigrate`: waits for an incoming migration, or loads one.
    INMIGRATE("inmigrate"),
    /// `internal-error`: stopped by an error inside of QEMU.
    INTERNAL_ERROR("internal-error"),
    /// `io-error`: stopped by an I/O error of a disk.
    IO_ERROR("io-error"),
    /// `paused`: stopped by `stop`.
    PAUSED("paused"),
    /// `postmigrate`: stopped since its outgoing migration has completed.
    POSTMIGRATE("postmigrate"),
    /// `prelaunch`: not started yet (`-S`).
    PRELAUNCH("prelaunch"),
    /// `finish-migrate`: stopped to finish an outgoing migration.
    FINISH_MIGRATE("finish-migrate"),
    /// `restore-vm`: loads a snapshot.
    RESTORE_VM("restore-vm"),
    /// `running`: the guest runs.
    RUNNING("running"),
    /// `save-vm`: stores a snapshot.
    SAVE_VM("save-vm"),
    /// `shutdown`: the guest has shut down, QEMU stays (`-no-shutdown`).
    SHUTDOWN("shutdown"),
    /// `suspended`: the guest sleeps (ACPI S3).
    SUSPENDED("suspended"),
    /// `watchdog`: stopped by a watchdog.
    WATCHDOG("watchdog"),
    /// `guest-panicked`: stopped since the guest has panicked.
    GUEST_PANICKED("guest-panicked"),
    /// `colo`: saves or restores for COLO.
    COLO("colo"),
    /// `preconfig`: paused before the machine is made.
    PRECONFIG("preconfig");

    private static final Map<String, Known> BY_WIRE_NAME =
        Arrays.stream(values()).collect(Collectors.toMap(Known::wireName, Function.identity()));

    private final String wireName;

    Known(String wireName) {
      this.wireName = wireName;
    }

    @Override
    public String wireName() {
      return wireName;
    }
  }

  /// A value that is not known here.
  ///
  /// @param wireName the value as QEMU spells it
  record Unknown(String wireName) implements RunState {}
}
