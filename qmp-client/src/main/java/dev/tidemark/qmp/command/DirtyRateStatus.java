// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The state of a measurement of the dirty rate. Open: a value of another QEMU is an [Unknown].
///
/// Known ones can be compared with `==`.
///
/// Format: `DirtyRateStatus` in `qapi/migration.json`, QEMU 10.0.2.
public sealed interface DirtyRateStatus {

  /// The value as QEMU spells it.
  String wireName();

  /// The value for QEMU's spelling: a [Known] one, else an [Unknown].
  static DirtyRateStatus of(String wireName) {
    Known known = Known.BY_WIRE_NAME.get(wireName);
    return known != null ? known : new Unknown(wireName);
  }

  /// The values of QEMU 10.0.2.
  enum Known implements DirtyRateStatus {
    /// `unstarted`: there has been none.
    UNSTARTED("unstarted"),
    /// `measuring`: being measured.
    MEASURING("measuring"),
    /// `measured`: measured.
    MEASURED("measured");

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
  record Unknown(String wireName) implements DirtyRateStatus {}
}
