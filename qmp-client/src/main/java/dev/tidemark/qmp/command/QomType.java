// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import java.util.Optional;

/// A type of QOM.
///
/// @param name its name, such as `virtio-blk-pci`
/// @param parent the type that it extends, where QEMU says so
/// @param raw the whole element
public record QomType(String name, Optional<String> parent, JsonObject raw) {
  static QomType of(JsonObject raw) {
    return new QomType(raw.string("name"), raw.optString("parent"), raw);
  }
}
