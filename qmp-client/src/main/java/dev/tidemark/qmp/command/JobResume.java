// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `job-resume`: lets a job go on that was halted.
///
/// @param id the job
public record JobResume(String id) implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "job-resume";
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
