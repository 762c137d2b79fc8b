// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.event;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Why a machine was shut down or reset. Open: a value of another QEMU is an [Unknown].
///
/// Known ones can be compared with `==`.
///
/// Format: `ShutdownCause` in `qapi/run-state.json`, QEMU 10.0.2.
public sealed interface ShutdownCause {

  /// The value as QEMU spells it.
  String wireName();

  /// The value for QEMU's spelling: a [Known] one, else an [Unknown].
  static ShutdownCause of(String wireName) {
    Known known = Known.BY_WIRE_NAME.get(wireName);
    return known != null ? known : new Unknown(wireName);
  }

  /// The values of QEMU 10.0.2.
  enum Known implements ShutdownCause {
    /// `none`: no reason is known.
    NONE("none"),
    /// `host-error`: an error on the host.
    HOST_ERROR("host-error"),
    /// `host-qmp-quit`: `quit`.
    HOST_QMP_QUIT("host-qmp-quit"),
    /// `host-qmp-system-reset`: `system_reset`.
    HOST_QMP_SYSTEM_RESET("host-qmp-system-reset"),
    /// `host-signal`: a signal to QEMU.
    HOST_SIGNAL("host-signal"),
    /// `host-ui`: the user, by QEMU's window.
    HOST_UI("host-ui"),
    /// `guest-shutdown`: the guest has shut down.
    GUEST_SHUTDOWN("guest-shutdown"),
    /// `guest-reset`: the guest has reset the machine.
    GUEST_RESET("guest-reset"),
    /// `guest-panic`: the guest has panicked.
    GUEST_PANIC("guest-panic"),
    /// `subsystem-reset`: a part of the machine was reset.
    SUBSYSTEM_RESET("subsystem-reset"),
    /// `snapshot-load`: a snapshot was loaded.
    SNAPSHOT_LOAD("snapshot-load");

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
  record Unknown(String wireName) implements ShutdownCause {}
}
