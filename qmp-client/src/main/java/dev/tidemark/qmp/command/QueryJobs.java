// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;
import java.util.List;

/// `query-jobs`: the jobs, also those that are over and not dismissed.
public record QueryJobs() implements QmpCommand<List<JobInfo>> {
  @Override
  public String wireName() {
    return "query-jobs";
  }

  @Override
  public List<JobInfo> decode(JsonValue returned) {
    return returned.asArray().objects().stream().map(JobInfo::of).toList();
  }
}
