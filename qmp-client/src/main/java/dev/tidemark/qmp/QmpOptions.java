// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import dev.tidemark.qmp.json.JsonLimits;
import java.time.Duration;
import java.util.Optional;

/// How a client behaves.
///
/// @param greetingWait how long to wait for QEMU's greeting. Default 2 s: a monitor that is free
///     greets at once, one that is taken never does
/// @param deadline how long a command may take unless the call says otherwise. Default 30 s:
///     commands answer in milliseconds, except where QEMU's main loop waits for storage
/// @param limits what one message may cost
/// @param eventCapacity events that a listener keeps for its reader before it drops. Default 65 536
/// @param oob whether to negotiate out-of-band commands where QEMU offers them. Default true
/// @param tls for monitors on TCP that want TLS; a Unix socket has none. Default empty
public record QmpOptions(
    Duration greetingWait,
    Duration deadline,
    JsonLimits limits,
    int eventCapacity,
    boolean oob,
    Optional<TlsCredentials> tls) {

  /// The defaults.
  public static final QmpOptions DEFAULT =
      new QmpOptions(
          Duration.ofSeconds(2),
          Duration.ofSeconds(30),
          JsonLimits.DEFAULT,
          1 << 16,
          true,
          Optional.empty());

  /// Checks that durations and capacity are positive.
  public QmpOptions {
    if (!greetingWait.isPositive() || !deadline.isPositive() || eventCapacity < 1) {
      throw new IllegalArgumentException("waits and capacities must be positive");
    }
  }

  /// These options with another wait for the greeting.
  public QmpOptions withGreetingWait(Duration wait) {
    return new QmpOptions(wait, deadline, limits, eventCapacity, oob, tls);
  }

  /// These options with another deadline for commands.
  public QmpOptions withDeadline(Duration newDeadline) {
    return new QmpOptions(greetingWait, newDeadline, limits, eventCapacity, oob, tls);
  }

  /// These options with other limits on messages.
  public QmpOptions withLimits(JsonLimits newLimits) {
    return new QmpOptions(greetingWait, deadline, newLimits, eventCapacity, oob, tls);
  }

  /// These options with another capacity of listeners.
  public QmpOptions withEventCapacity(int capacity) {
    return new QmpOptions(greetingWait, deadline, limits, capacity, oob, tls);
  }

  /// These options with out-of-band commands or without.
  public QmpOptions withOob(boolean negotiated) {
    return new QmpOptions(greetingWait, deadline, limits, eventCapacity, negotiated, tls);
  }

  /// These options with TLS.
  public QmpOptions withTls(TlsCredentials credentials) {
    return new QmpOptions(
        greetingWait, deadline, limits, eventCapacity, oob, Optional.of(credentials));
  }
}
