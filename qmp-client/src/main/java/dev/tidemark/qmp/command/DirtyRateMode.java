// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// How the dirty rate is measured. Open: a value of another QEMU is an [Unknown].
///
/// Known ones can be compared with `==`.
///
/// Format: `DirtyRateMeasureMode` in `qapi/migration.json`, QEMU 10.0.2.
public sealed interface DirtyRateMode {

  /// The value as QEMU spells it.
  String wireName();

  /// The value for QEMU's spelling: a [Known] one, else an [Unknown].
  static DirtyRateMode of(String wireName) {
    Known known = Known.BY_WIRE_NAME.get(wireName);
    return known != null ? known : new Unknown(wireName);
  }

  /// The values of QEMU 10.0.2.
  enum Known implements DirtyRateMode {
    /// `page-sampling`: by hashes of some pages; works everywhere.
    PAGE_SAMPLING("page-sampling"),
    /// `dirty-ring`: by KVM's dirty ring, per virtual CPU.
    DIRTY_RING("dirty-ring"),
    /// `dirty-bitmap`: by the dirty bitmap.
    DIRTY_BITMAP("dirty-bitmap");

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
  record Unknown(String wireName) implements DirtyRateMode {}
}
