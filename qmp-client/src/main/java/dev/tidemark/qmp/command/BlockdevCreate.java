// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `blockdev-create`: formats an image, as a job.
///
/// @param jobId what to call the job
/// @param options `driver` and what the driver wants, such as `file` and `size`
public record BlockdevCreate(String jobId, JsonObject options)
    implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "blockdev-create";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of("job-id", jobId, "options", options);
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
