// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.util.List;

/// `qom-list`: the properties of an object in the QOM tree; its children among them.
///
/// @param path the object, such as `/machine`
public record QomList(String path) implements QmpCommand<List<QomProperty>> {
  @Override
  public String wireName() {
    return "qom-list";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of("path", path);
  }

  @Override
  public List<QomProperty> decode(JsonValue returned) {
    return returned.asArray().objects().stream().map(QomProperty::of).toList();
  }
}
