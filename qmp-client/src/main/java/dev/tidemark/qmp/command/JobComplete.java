// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `job-complete`: lets a job that is `ready` complete.
///
/// @param id the job
public record JobComplete(String id) implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "job-complete";
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
