// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `blockdev-del`: closes a node of the block graph that nothing uses.
///
/// @param nodeName the node
public record BlockdevDel(String nodeName) implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "blockdev-del";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of("node-name", nodeName);
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
