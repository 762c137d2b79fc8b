// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `snapshot-save`: stores the VM in its qcow2 images, as a job. The guest stands meanwhile.
///
/// @param jobId what to call the job
/// @param tag what to call the snapshot
/// @param vmstate the node that takes memory and device state
/// @param devices the nodes that are to have the snapshot; `vmstate` among them
public record SnapshotSave(String jobId, String tag, String vmstate, List<String> devices)
    implements QmpCommand<@Nullable Void> {
  /// Copies the list.
  public SnapshotSave {
    devices = List.copyOf(devices);
  }

  @Override
  public String wireName() {
    return "snapshot-save";
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
