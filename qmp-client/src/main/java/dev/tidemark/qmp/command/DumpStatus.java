// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The state of a dump of guest memory. Open: a value of another QEMU is an [Unknown].
///
/// Known ones can be compared with `==`.
///
/// Format: `DumpStatus` in `qapi/dump.json`, QEMU 10.0.2.
public sealed interface DumpStatus {

  /// The value as QEMU spells it.
  String wireName();

  /// The value for QEMU's spelling: a [Known] one, else an [Unknown].
  static DumpStatus of(String wireName) {
    Known known = Known.BY_WIRE_NAME.get(wireName);
    return known != null ? known : new Unknown(wireName);
  }

  /// The values of QEMU 10.0.2.
  enum Known implements DumpStatus {
    /// `none`: there has been none.
    NONE("none"),
    /// `active`: being written.
    ACTIVE("active"),
    /// `completed`: written.
    COMPLETED("completed"),
    /// `failed`: failed.
    FAILED("failed");

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
  record Unknown(String wireName) implements DumpStatus {}
}
