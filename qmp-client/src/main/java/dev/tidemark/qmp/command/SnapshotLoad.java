// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `snapshot-load`: makes the VM what it was when a snapshot was taken, as a job.
///
/// @param jobId what to call the job
/// @param tag the snapshot
/// @param vmstate the node that holds memory and device state
/// @param devices the nodes that have the snapshot; `vmstate` among them
public record SnapshotLoad(String jobId, String tag, String vmstate, List<String> devices)
    implements QmpCommand<@Nullable Void> {
  /// Copies the list.
  public SnapshotLoad {
    devices = List.copyOf(devices);
  }

  @Override
  public String wireName() {
    return "snapshot-load";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of("job-id", jobId, "tag", tag, "vmstate", vmstate, "devices", devices);
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
