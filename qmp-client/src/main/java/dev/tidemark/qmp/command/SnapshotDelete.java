// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `snapshot-delete`: removes a snapshot, as a job.
///
/// @param jobId what to call the job
/// @param tag the snapshot
/// @param devices the nodes that have it
public record SnapshotDelete(String jobId, String tag, List<String> devices)
    implements QmpCommand<@Nullable Void> {
  /// Copies the list.
  public SnapshotDelete {
    devices = List.copyOf(devices);
  }

  @Override
  public String wireName() {
    return "snapshot-delete";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of("job-id", jobId, "tag", tag, "devices", devices);
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
