// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;

/// `query-version`: the version of QEMU.
public record QueryVersion() implements QmpCommand<QemuVersion> {
  @Override
  public String wireName() {
    return "query-version";
  }

  @Override
  public QemuVersion decode(JsonValue returned) {
    return QemuVersion.of(returned.asObject());
  }
}
