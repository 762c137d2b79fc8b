// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `migrate-set-parameters`: sets the parameters named and leaves the others; also while a
/// migration runs.
///
/// @param parameters name to value, such as `downtime-limit` in milliseconds
public record MigrateSetParameters(JsonObject parameters) implements QmpCommand<@Nullable Void> {
  /// Sets parameters by their types.
  public MigrateSetParameters(MigrationParameters parameters) {
    this(parameters.raw());
  }

  @Override
  public String wireName() {
    return "migrate-set-parameters";
  }

  @Override
  public JsonObject arguments() {
    return parameters;
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
