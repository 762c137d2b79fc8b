// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The state of a migration. Open: a value of another QEMU is an [Unknown].
///
/// Known ones can be compared with `==`: `status == MigrationStatus.Known.COMPLETED`.
///
/// Format: `MigrationStatus` in `qapi/migration.json`, QEMU 10.0.2.
public sealed interface MigrationStatus {

  /// The value as QEMU spells it.
  String wireName();

  /// The value for QEMU's spelling: a [Known] one, else an [Unknown].
  static MigrationStatus of(String wireName) {
    Known known = Known.BY_WIRE_NAME.get(wireName);
    return known != null ? known : new Unknown(wireName);
  }

  /// Whether the migration has ended, well or badly, and will not go on.
  default boolean isOver() {
    return this == Known.COMPLETED || this == Known.FAILED || this == Known.CANCELLED;
  }

  /// The values of QEMU 10.0.2.
  enum Known implements MigrationStatus {
    /// `none`: there has been none.
    NONE("none"),
    /// `setup`: being set up.
    SETUP("setup"),
    /// `cancelling`: being cancelled.
    CANCELLING("cancelling"),
    /// `cancelled`: cancelled.
    CANCELLED("cancelled"),
    /// `active`: sends memory.
    ACTIVE("active"),
    /// `postcopy-active`: the guest runs on the destination, pages follow.
    POSTCOPY_ACTIVE("postcopy-active"),
    /// `postcopy-paused`: postcopy lost its connection.
    POSTCOPY_PAUSED("postcopy-paused"),
    /// `postcopy-recover-setup`: postcopy gets a new connection.
    POSTCOPY_RECOVER_SETUP("postcopy-recover-setup"),
    /// `postcopy-recover`: postcopy takes up again.
    POSTCOPY_RECOVER("postcopy-recover"),
    /// `completed`: has completed.
    COMPLETED("completed"),
    /// `failed`: has failed.
    FAILED("failed"),
    /// `colo`: COLO.
    COLO("colo"),
    /// `pre-switchover`: the guest stands, device state is held back until `migrate-continue`.
    PRE_SWITCHOVER("pre-switchover"),
    /// `device`: sends device state.
    DEVICE("device"),
    /// `wait-unplug`: waits for the guest to release a device.
    WAIT_UNPLUG("wait-unplug");

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
  record Unknown(String wireName) implements MigrationStatus {}
}
