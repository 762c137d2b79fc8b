// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// `blockdev-backup`: copies a node as it is now into another, as a job.
///
/// @param jobId what to call the job
/// @param device the node to copy
/// @param target the node to copy into
/// @param sync what to copy
/// @param bitmap the dirty bitmap of `device`, for those kinds of `sync` that want one
public record BlockdevBackup(
    String jobId, String device, String target, BackupSync sync, Optional<String> bitmap)
    implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "blockdev-backup";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.builder()
        .put("job-id", jobId)
        .put("device", device)
        .put("target", target)
        .put("sync", sync.wireName())
        .putIfPresent("bitmap", bitmap)
        .build();
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
