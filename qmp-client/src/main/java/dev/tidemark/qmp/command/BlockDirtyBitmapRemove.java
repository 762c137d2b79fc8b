// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `block-dirty-bitmap-remove`: ends a dirty bitmap.
///
/// @param node the node
/// @param name the bitmap
public record BlockDirtyBitmapRemove(String node, String name)
    implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "block-dirty-bitmap-remove";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of("node", node, "name", name);
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
