// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.schema;

import dev.tidemark.qmp.json.JsonArray;
import dev.tidemark.qmp.json.JsonObject;
import java.util.List;

/// A command as this QEMU has it.
///
/// @param name its name
/// @param argumentType the name of the object type of its arguments
/// @param returnType the name of the type that it returns
/// @param outOfBand whether it may be sent out of band
/// @param features what QEMU says about it, such as `deprecated` or `unstable`
public record CommandSchema(
    String name, String argumentType, String returnType, boolean outOfBand, List<String> features) {
  /// Copies the list.
  public CommandSchema {
    features = List.copyOf(features);
  }

  static CommandSchema of(JsonObject entry) {
    return new CommandSchema(
        entry.string("name"),
        entry.string("arg-type"),
        entry.string("ret-type"),
        entry.optBool("allow-oob").orElse(false),
        entry.optArray("features").map(JsonArray::strings).orElse(List.of()));
  }
}
