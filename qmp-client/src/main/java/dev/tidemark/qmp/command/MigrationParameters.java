// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonShapeException;
import java.util.Optional;

/// Migration parameters and their values: all of a QEMU, or those to set.
///
/// ```java
/// MigrationParameters now =
///     new MigrationParameters(qmp.execute(new QueryMigrateParameters()));
/// Optional<Duration> limit = now.get(MigrationParameter.DOWNTIME_LIMIT);
/// qmp.execute(
///     new MigrateSetParameters(
///         MigrationParameters.NONE
///             .with(MigrationParameter.DOWNTIME_LIMIT, Duration.ofMillis(10))
///             .with(MigrationParameter.MAX_BANDWIDTH, 0L)));
/// ```
///
/// @param raw name to value; those that are not known here among them
public record MigrationParameters(JsonObject raw) {
  /// No parameter.
  public static final MigrationParameters NONE = new MigrationParameters(JsonObject.EMPTY);

  /// The value of a parameter.
  ///
  /// @return empty if this QEMU has no such parameter, or no value for it
  /// @throws JsonShapeException if it is of another type
  public <T> Optional<T> get(MigrationParameter<T> parameter) {
    return raw.opt(parameter.wireName()).map(parameter.fromJson());
  }

  /// These parameters with one added, or replaced.
  public <T> MigrationParameters with(MigrationParameter<T> parameter, T value) {
    return new MigrationParameters(raw.with(parameter.wireName(), parameter.toJson().apply(value)));
  }
}
