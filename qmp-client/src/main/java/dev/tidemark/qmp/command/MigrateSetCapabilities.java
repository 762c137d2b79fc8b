// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `migrate-set-capabilities`: turns the capabilities named on or off and leaves the others.
///
/// @param capabilities name to on or off
public record MigrateSetCapabilities(Map<String, Boolean> capabilities)
    implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "migrate-set-capabilities";
  }

  @Override
  public JsonObject arguments() {
    return Replies.capabilityArguments(capabilities);
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
