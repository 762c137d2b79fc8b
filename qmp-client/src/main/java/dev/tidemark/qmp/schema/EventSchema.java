// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.schema;

import dev.tidemark.qmp.json.JsonArray;
import dev.tidemark.qmp.json.JsonObject;
import java.util.List;

/// An event as this QEMU has it.
///
/// @param name its name
/// @param dataType the name of the object type of its data
/// @param features what QEMU says about it, such as `deprecated` or `unstable`
public record EventSchema(String name, String dataType, List<String> features) {
  /// Copies the list.
  public EventSchema {
    features = List.copyOf(features);
  }

  static EventSchema of(JsonObject entry) {
    return new EventSchema(
        entry.string("name"),
        entry.string("arg-type"),
        entry.optArray("features").map(JsonArray::strings).orElse(List.of()));
  }
}
