// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;

/// A property of an object in the QOM tree.
///
/// @param name its name
/// @param type its type, such as `string`, `int`, `child<qemu64-x86_64-cpu>` or
///     `link<memory-region>`
/// @param raw the whole element
public record QomProperty(String name, String type, JsonObject raw) {
  static QomProperty of(JsonObject raw) {
    return new QomProperty(raw.string("name"), raw.string("type"), raw);
  }
}
