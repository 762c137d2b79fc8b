// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;
import java.time.Duration;
import java.util.function.Function;

/// The name of a migration parameter, with the type and unit of its value.
///
/// A parameter that is not here is named by [#of].
///
/// Format: `MigrationParameters` in `qapi/migration.json`, QEMU 10.0.2.
///
/// @param wireName the name as QEMU spells it
/// @param fromJson reads a value
/// @param toJson writes one
/// @param <T> the type of its values
public record MigrationParameter<T>(
    String wireName, Function<JsonValue, T> fromJson, Function<T, JsonValue> toJson) {

  /// `announce-initial`: the pause before the second announcement of the network.
  public static final MigrationParameter<Duration> ANNOUNCE_INITIAL = millis("announce-initial");

  /// `announce-max`: the longest pause between two of them.
  public static final MigrationParameter<Duration> ANNOUNCE_MAX = millis("announce-max");

  /// `announce-rounds`: how many there are.
  public static final MigrationParameter<Long> ANNOUNCE_ROUNDS = number("announce-rounds");

  /// `announce-step`: by how much the pause grows.
  public static final MigrationParameter<Duration> ANNOUNCE_STEP = millis("announce-step");

  /// `throttle-trigger-threshold`: percent of dirtied to sent bytes from which the guest is slowed
  /// down.
  public static final MigrationParameter<Long> THROTTLE_TRIGGER_THRESHOLD =
      number("throttle-trigger-threshold");

  /// `cpu-throttle-initial`: percent of time taken from it at first.
  public static final MigrationParameter<Long> CPU_THROTTLE_INITIAL =
      number("cpu-throttle-initial");

  /// `cpu-throttle-increment`: percent more in each step.
  public static final MigrationParameter<Long> CPU_THROTTLE_INCREMENT =
      number("cpu-throttle-increment");

  /// `cpu-throttle-tailslow`: whether the last steps are smaller.
  public static final MigrationParameter<Boolean> CPU_THROTTLE_TAILSLOW =
      flag("cpu-throttle-tailslow");

  /// `max-cpu-throttle`: percent of time taken at most.
  public static final MigrationParameter<Long> MAX_CPU_THROTTLE = number("max-cpu-throttle");

  /// `tls-creds`: the id of TLS credentials; empty for no TLS.
  public static final MigrationParameter<String> TLS_CREDS = text("tls-creds");

  /// `tls-hostname`: the name that the peer's certificate must have; empty for that of the URI.
  public static final MigrationParameter<String> TLS_HOSTNAME = text("tls-hostname");

  /// `tls-authz`: the id of an authorization object; empty for none.
  public static final MigrationParameter<String> TLS_AUTHZ = text("tls-authz");

  /// `max-bandwidth`: bytes sent per second at most; 0 for no bound.
  public static final MigrationParameter<Long> MAX_BANDWIDTH = number("max-bandwidth");

  /// `avail-switchover-bandwidth`: bytes per second to reckon with for the switchover; 0 for
  /// measured. Since 8.2.
  public static final MigrationParameter<Long> AVAIL_SWITCHOVER_BANDWIDTH =
      number("avail-switchover-bandwidth");

  /// `downtime-limit`: how long the guest may stand.
  public static final MigrationParameter<Duration> DOWNTIME_LIMIT = millis("downtime-limit");

  /// `x-checkpoint-delay`: between two checkpoints of COLO.
  public static final MigrationParameter<Duration> X_CHECKPOINT_DELAY =
      millis("x-checkpoint-delay");

  /// `multifd-channels`: channels of a multifd migration, 1 to 255.
  public static final MigrationParameter<Long> MULTIFD_CHANNELS = number("multifd-channels");

  /// `xbzrle-cache-size`: bytes of the cache of XBZRLE.
  public static final MigrationParameter<Long> XBZRLE_CACHE_SIZE = number("xbzrle-cache-size");

  /// `max-postcopy-bandwidth`: bytes per second in postcopy, for pages not asked for; 0 for no
  /// bound.
  public static final MigrationParameter<Long> MAX_POSTCOPY_BANDWIDTH =
      number("max-postcopy-bandwidth");

  /// `multifd-compression`: how multifd packets are compressed: `none`, `zlib`, `zstd`, …
  public static final MigrationParameter<String> MULTIFD_COMPRESSION = text("multifd-compression");

  /// `multifd-zlib-level`: 0 to 9.
  public static final MigrationParameter<Long> MULTIFD_ZLIB_LEVEL = number("multifd-zlib-level");

  /// `multifd-qatzip-level`: 1 to 9. Since 9.2.
  public static final MigrationParameter<Long> MULTIFD_QATZIP_LEVEL =
      number("multifd-qatzip-level");

  /// `multifd-zstd-level`: 0 to 20.
  public static final MigrationParameter<Long> MULTIFD_ZSTD_LEVEL = number("multifd-zstd-level");

  /// `x-vcpu-dirty-limit-period`: how often the dirty rate is measured. Since 8.1.
  public static final MigrationParameter<Duration> X_VCPU_DIRTY_LIMIT_PERIOD =
      millis("x-vcpu-dirty-limit-period");

  /// `vcpu-dirty-limit`: mebibytes per second that a virtual CPU may dirty. Since 8.1.
  public static final MigrationParameter<Long> VCPU_DIRTY_LIMIT = number("vcpu-dirty-limit");

  /// `mode`: `normal`, `cpr-reboot`, `cpr-transfer`. Since 8.2.
  public static final MigrationParameter<String> MODE = text("mode");

  /// `zero-page-detection`: `none`, `legacy`, `multifd`. Since 9.0.
  public static final MigrationParameter<String> ZERO_PAGE_DETECTION = text("zero-page-detection");

  /// `direct-io`: whether a file is written past the page cache. Since 9.1.
  public static final MigrationParameter<Boolean> DIRECT_IO = flag("direct-io");

  /// `compress-level`: 0 to 9; before 9.1.
  public static final MigrationParameter<Long> COMPRESS_LEVEL = number("compress-level");

  /// `compress-threads`: threads that compress; before 9.1.
  public static final MigrationParameter<Long> COMPRESS_THREADS = number("compress-threads");

  /// `decompress-threads`: threads that decompress; before 9.1.
  public static final MigrationParameter<Long> DECOMPRESS_THREADS = number("decompress-threads");

  /// `compress-wait-thread`: whether to wait for a thread; before 9.1.
  public static final MigrationParameter<Boolean> COMPRESS_WAIT_THREAD =
      flag("compress-wait-thread");

  /// `block-incremental`: whether only the topmost image is sent; before 9.1.
  public static final MigrationParameter<Boolean> BLOCK_INCREMENTAL = flag("block-incremental");

  /// `block-bitmap-mapping`: which dirty bitmaps go along, and under what names.
  public static final MigrationParameter<JsonValue> BLOCK_BITMAP_MAPPING =
      of("block-bitmap-mapping");

  /// A parameter that is not among the constants; its values are JSON.
  public static MigrationParameter<JsonValue> of(String wireName) {
    return new MigrationParameter<>(wireName, value -> value, value -> value);
  }

  private static MigrationParameter<Long> number(String wireName) {
    return new MigrationParameter<>(wireName, JsonValue::asLong, JsonValue::of);
  }

  private static MigrationParameter<Boolean> flag(String wireName) {
    return new MigrationParameter<>(wireName, JsonValue::asBoolean, JsonValue::of);
  }

  private static MigrationParameter<String> text(String wireName) {
    return new MigrationParameter<>(wireName, JsonValue::asString, JsonValue::of);
  }

  private static MigrationParameter<Duration> millis(String wireName) {
    return new MigrationParameter<>(
        wireName,
        value -> Duration.ofMillis(value.asLong()),
        duration -> JsonValue.of(duration.toMillis()));
  }
}
