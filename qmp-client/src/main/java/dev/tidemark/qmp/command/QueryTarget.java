// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;

/// `query-target`: the architecture emulated, such as `x86_64`.
public record QueryTarget() implements QmpCommand<String> {
  @Override
  public String wireName() {
    return "query-target";
  }

  @Override
  public String decode(JsonValue returned) {
    return returned.asObject().string("arch");
  }
}
