// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `job-finalize`: lets a job that is `pending` take effect.
///
/// @param id the job
public record JobFinalize(String id) implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "job-finalize";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of("id", id);
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
