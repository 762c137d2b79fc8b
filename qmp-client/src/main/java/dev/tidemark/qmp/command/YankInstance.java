// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;

/// A connection of QEMU that can be broken.
///
/// @param type `migration`, `chardev` or `block-node`
/// @param raw the whole element, with what names the connection
public record YankInstance(String type, JsonObject raw) {
  static YankInstance of(JsonObject raw) {
    return new YankInstance(raw.string("type"), raw);
  }
}
