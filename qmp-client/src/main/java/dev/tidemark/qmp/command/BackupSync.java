// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// What a backup copies. Open: a value of another QEMU is an [Unknown].
///
/// Known ones can be compared with `==`.
///
/// Format: `MirrorSyncMode` in `qapi/block-core.json`, QEMU 10.0.2.
public sealed interface BackupSync {

  /// The value as QEMU spells it.
  String wireName();

  /// The value for QEMU's spelling: a [Known] one, else an [Unknown].
  static BackupSync of(String wireName) {
    Known known = Known.BY_WIRE_NAME.get(wireName);
    return known != null ? known : new Unknown(wireName);
  }

  /// The values of QEMU 10.0.2.
  enum Known implements BackupSync {
    /// `top`: what the topmost image holds.
    TOP("top"),
    /// `full`: everything.
    FULL("full"),
    /// `none`: only what the guest overwrites from now on.
    NONE("none"),
    /// `incremental`: what a dirty bitmap marks.
    INCREMENTAL("incremental"),
    /// `bitmap`: what a dirty bitmap marks, by a bitmap mode.
    BITMAP("bitmap");

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
  record Unknown(String wireName) implements BackupSync {}
}
