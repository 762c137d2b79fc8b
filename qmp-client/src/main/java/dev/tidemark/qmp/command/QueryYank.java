// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;
import java.util.List;

/// `query-yank`: the connections that [Yank] could break. May go out of band.
public record QueryYank() implements QmpCommand<List<YankInstance>> {
  @Override
  public String wireName() {
    return "query-yank";
  }

  @Override
  public List<YankInstance> decode(JsonValue returned) {
    return returned.asArray().objects().stream().map(YankInstance::of).toList();
  }
}
