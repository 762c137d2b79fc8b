// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.schema;

import dev.tidemark.qmp.json.JsonArray;
import dev.tidemark.qmp.json.JsonObject;
import java.util.List;

/// A member of an object type: an argument, or a field of what is returned.
///
/// @param name its name
/// @param type the name of its type
/// @param optional whether it may be left out
/// @param features what QEMU says about it, such as `deprecated` or `unstable`
public record SchemaMember(String name, String type, boolean optional, List<String> features) {
  /// Copies the list.
  public SchemaMember {
    features = List.copyOf(features);
  }

  static SchemaMember of(JsonObject member) {
    return new SchemaMember(
        member.string("name"),
        member.string("type"),
        member.has("default"),
        member.optArray("features").map(JsonArray::strings).orElse(List.of()));
  }
}
