// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;
import java.util.List;

/// `query-fdsets`: the sets of descriptors.
public record QueryFdsets() implements QmpCommand<List<FdSet>> {
  @Override
  public String wireName() {
    return "query-fdsets";
  }

  @Override
  public List<FdSet> decode(JsonValue returned) {
    return returned.asArray().objects().stream().map(FdSet::of).toList();
  }
}
