// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;
import java.util.List;

/// `query-block`: the block devices and what is in them.
public record QueryBlock() implements QmpCommand<List<BlockDevice>> {
  @Override
  public String wireName() {
    return "query-block";
  }

  @Override
  public List<BlockDevice> decode(JsonValue returned) {
    return returned.asArray().objects().stream().map(BlockDevice::of).toList();
  }
}
