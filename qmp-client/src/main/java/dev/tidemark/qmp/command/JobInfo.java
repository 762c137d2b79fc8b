// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import java.util.Optional;

/// A job.
///
/// @param id what it is called
/// @param type what it does, such as `backup` or `snapshot-save`
/// @param status its state
/// @param currentProgress how much is done, in units of its own
/// @param totalProgress how much there is to do, as far as is known
/// @param error why it failed; absent if it did not
/// @param raw the whole element
public record JobInfo(
    String id,
    String type,
    JobStatus status,
    long currentProgress,
    long totalProgress,
    Optional<String> error,
    JsonObject raw) {
  static JobInfo of(JsonObject raw) {
    return new JobInfo(
        raw.string("id"),
        raw.string("type"),
        JobStatus.of(raw.string("status")),
        raw.longValue("current-progress"),
        raw.longValue("total-progress"),
        raw.optString("error"),
        raw);
  }
}
