// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;
import java.util.List;

/// `query-named-block-nodes`: every node of the block graph that has a name.
public record QueryNamedBlockNodes() implements QmpCommand<List<BlockNode>> {
  @Override
  public String wireName() {
    return "query-named-block-nodes";
  }

  @Override
  public List<BlockNode> decode(JsonValue returned) {
    return returned.asArray().objects().stream().map(BlockNode::of).toList();
  }
}
