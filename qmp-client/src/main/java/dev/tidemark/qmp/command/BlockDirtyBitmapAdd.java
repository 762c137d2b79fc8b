// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `block-dirty-bitmap-add`: begins to note what is written to a node.
///
/// @param node the node
/// @param name what to call the bitmap
/// @param persistent whether the image keeps it when it is closed (qcow2)
public record BlockDirtyBitmapAdd(String node, String name, boolean persistent)
    implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "block-dirty-bitmap-add";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of("node", node, "name", name, "persistent", persistent);
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
