// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `migrate-continue`: leaves a state in which the migration waits.
///
/// @param state the state to leave, in practice `pre-switchover`
public record MigrateContinue(MigrationStatus state) implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "migrate-continue";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of("state", state.wireName());
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
