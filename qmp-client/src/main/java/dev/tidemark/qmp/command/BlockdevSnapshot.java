// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `blockdev-snapshot`: puts a node on top of another, which is written to no more.
///
/// @param node the node that becomes the backing image
/// @param overlay the node that takes the writes from now on; it has no backing image yet
public record BlockdevSnapshot(String node, String overlay) implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "blockdev-snapshot";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of("node", node, "overlay", overlay);
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
