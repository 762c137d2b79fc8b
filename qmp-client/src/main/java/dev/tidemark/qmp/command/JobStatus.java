// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The state of a job. Open: a value of another QEMU is an [Unknown].
///
/// Known ones can be compared with `==`.
///
/// Format: `JobStatus` in `qapi/job.json`, QEMU 10.0.2.
public sealed interface JobStatus {

  /// The value as QEMU spells it.
  String wireName();

  /// The value for QEMU's spelling: a [Known] one, else an [Unknown].
  static JobStatus of(String wireName) {
    Known known = Known.BY_WIRE_NAME.get(wireName);
    return known != null ? known : new Unknown(wireName);
  }

  /// The values of QEMU 10.0.2.
  enum Known implements JobStatus {
    /// `undefined`: an erroneous state, never seen.
    UNDEFINED("undefined"),
    /// `created`: made, not started yet.
    CREATED("created"),
    /// `running`: works.
    RUNNING("running"),
    /// `paused`: stands, by request.
    PAUSED("paused"),
    /// `ready`: goes on until it is told to complete.
    READY("ready"),
    /// `standby`: ready, and stands.
    STANDBY("standby"),
    /// `waiting`: waits for others of its transaction.
    WAITING("waiting"),
    /// `pending`: has done its work and waits for `job-finalize`.
    PENDING("pending"),
    /// `aborting`: fails, or is cancelled.
    ABORTING("aborting"),
    /// `concluded`: over; waits for `job-dismiss`.
    CONCLUDED("concluded"),
    /// `null`: gone.
    NULL("null");

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
  record Unknown(String wireName) implements JobStatus {}
}
