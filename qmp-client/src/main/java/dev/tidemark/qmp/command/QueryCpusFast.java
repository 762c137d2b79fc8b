// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;
import java.util.List;

/// `query-cpus-fast`: the virtual CPUs and their host threads.
public record QueryCpusFast() implements QmpCommand<List<CpuInfo>> {
  @Override
  public String wireName() {
    return "query-cpus-fast";
  }

  @Override
  public List<CpuInfo> decode(JsonValue returned) {
    return returned.asArray().objects().stream().map(CpuInfo::of).toList();
  }
}
