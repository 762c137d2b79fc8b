// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;

/// `query-migrate-parameters`: every migration parameter of this QEMU; names and types differ
/// between versions.
public record QueryMigrateParameters() implements QmpCommand<JsonObject> {
  @Override
  public String wireName() {
    return "query-migrate-parameters";
  }

  @Override
  public JsonObject decode(JsonValue returned) {
    return returned.asObject();
  }
}
