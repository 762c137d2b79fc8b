// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `qmp_capabilities`: leaves negotiation mode. The client sends it itself when it connects.
///
/// @param enable capabilities that the greeting offers, such as `oob`; may be empty
public record QmpCapabilities(List<String> enable) implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "qmp_capabilities";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of("enable", enable);
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
