// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonArray;
import dev.tidemark.qmp.json.JsonValue;

/// `query-qmp-schema`: what this QEMU understands, as it says it itself; some hundred KB.
public record QueryQmpSchema() implements QmpCommand<JsonArray> {
  @Override
  public String wireName() {
    return "query-qmp-schema";
  }

  @Override
  public JsonArray decode(JsonValue returned) {
    return returned.asArray();
  }
}
