// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver.method;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.saver.SaveMethod;
import dev.tidemark.saver.SaveOptions;
import dev.tidemark.saver.pipeline.StreamReceiver;
import java.time.Duration;
import java.util.OptionalLong;

/// Decides how much QEMU may leave to send when it stops the guest, by the migration parameter
/// `downtime-limit`.
///
/// QEMU stops the guest when what is still dirty can be sent, at the rate at which it sent lately,
/// within `downtime-limit`. What is wanted here is a number of bytes instead: what the receiver can
/// take within half of the pause asked for (the other half is for the device state and for stopping
/// and starting), and no more than the buffer's reserve. While the guest stands the receiver takes
/// as fast as it ever did, whatever throttles it otherwise. So the limit is that number of bytes,
/// divided by QEMU's present rate.
///
/// When one full pass and the time budget are spent, the limit becomes as large as QEMU allows: a
/// save always ends.
///
/// Format: `migration_update_counters` and `migration_iteration_run` in `migration/migration.c`,
/// QEMU 10.0.2; the largest limit is `MAX_MIGRATE_DOWNTIME` in `migration/options.c`.
public final class Steering {
  /// The largest `downtime-limit` that QEMU takes, in milliseconds.
  private static final long LARGEST_LIMIT = 2_000_000;

  /// As [#LARGEST_LIMIT] does for `stop-copy` from the start: so slow that hardly anything is sent
  /// before the guest stands, and then QEMU sends without a limit.
  private static final long STOP_COPY_BANDWIDTH = 64 << 10;

  private static final Duration STOP_COPY_PATIENCE = Duration.ofMillis(500);

  private final SaveMethod method;
  private final double halfPauseMillis;
  private final long reserveBytes;
  private final OptionalLong maxTimeNanos;

  private double bestBytesPerMilli;
  private long limit;
  private long deadlineNanos = Long.MAX_VALUE;
  private boolean forced;

  /// Steering for one save.
  ///
  /// @param options the save's
  public Steering(SaveOptions options) {
    this.method = options.method();
    this.halfPauseMillis = options.maxPause().toNanos() / 2e6;
    this.reserveBytes = StreamReceiver.reserveOf(options.bufferBytes());
    this.maxTimeNanos =
        options.maxTime().map(t -> OptionalLong.of(t.toNanos())).orElse(OptionalLong.empty());
    this.limit =
        method == SaveMethod.STOP_COPY
            ? LARGEST_LIMIT
            : Math.clamp((long) halfPauseMillis, 1, LARGEST_LIMIT);
  }

  /// The `downtime-limit` to begin with, in milliseconds.
  public long firstLimit() {
    return limit;
  }

  /// The `max-bandwidth` to begin with, in bytes a second; 0 is unlimited.
  public long bandwidth() {
    return method == SaveMethod.STOP_COPY ? STOP_COPY_BANDWIDTH : 0;
  }

  /// Takes note of where the save is.
  ///
  /// @param nowNanos time since `migrate` was accepted
  /// @param bytesPerSecond rate since the last call
  /// @param iteration the dirty-sync count: 1 in the first pass
  /// @return the migration parameters to set now; empty if they stay
  public JsonObject observe(long nowNanos, long bytesPerSecond, long iteration) {
    if (method == SaveMethod.STOP_COPY) {
      return observeStopCopy(nowNanos);
    }
    double bytesPerMilli = bytesPerSecond / 1000.0;
    bestBytesPerMilli = Math.max(bestBytesPerMilli, bytesPerMilli);
    if (iteration > 1 && deadlineNanos == Long.MAX_VALUE) {
      long budget = Math.max(nowNanos, Duration.ofSeconds(1).toNanos());
      deadlineNanos = nowNanos + maxTimeNanos.orElse(budget);
    }
    long next = limit;
    if (nowNanos >= deadlineNanos) {
      forced = true;
      next = LARGEST_LIMIT;
    } else if (bytesPerMilli > 0) {
      double bytes = Math.min(bestBytesPerMilli * halfPauseMillis, (double) reserveBytes);
      next = Math.clamp((long) (bytes / bytesPerMilli), 1, LARGEST_LIMIT);
    }
    if (next == limit) {
      return JsonObject.EMPTY;
    }
    limit = next;
    return JsonObject.of("downtime-limit", next);
  }

  /// QEMU should have stopped the guest in its first tenth of a second. On a machine so busy that
  /// it measured no rate at all in that time, it goes on at full rate until it does.
  private JsonObject observeStopCopy(long nowNanos) {
    if (forced || nowNanos < STOP_COPY_PATIENCE.toNanos()) {
      return JsonObject.EMPTY;
    }
    forced = true;
    return JsonObject.of("max-bandwidth", 0);
  }

  /// Whether the time budget was spent, and the switchover forced.
  public boolean isForced() {
    return forced;
  }
}
