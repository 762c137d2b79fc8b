// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;

/// `qom-get`: a property of an object in the QOM tree.
///
/// @param path the object, such as `/machine`
/// @param property the property
public record QomGet(String path, String property) implements QmpCommand<JsonValue> {
  @Override
  public String wireName() {
    return "qom-get";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of("path", path, "property", property);
  }

  @Override
  public JsonValue decode(JsonValue returned) {
    return returned;
  }
}
