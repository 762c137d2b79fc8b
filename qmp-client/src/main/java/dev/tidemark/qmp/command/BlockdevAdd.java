// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `blockdev-add`: opens an image as a node of the block graph.
///
/// @param options `driver`, `node-name` and what the driver wants, such as `file`
public record BlockdevAdd(JsonObject options) implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "blockdev-add";
  }

  @Override
  public JsonObject arguments() {
    return options;
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
