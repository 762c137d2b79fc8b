// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `migrate-set-capabilities`: turns the capabilities named on or off and leaves the others.
///
/// @param capabilities name to on or off
public record MigrateSetCapabilities(Map<String, Boolean> capabilities)
    implements QmpCommand<@Nullable Void> {
  /// Copies the map, in its order.
  public MigrateSetCapabilities {
    capabilities = Collections.unmodifiableMap(new LinkedHashMap<>(capabilities));
  }

  /// Turns capabilities on.
  public static MigrateSetCapabilities on(MigrationCapability... capabilities) {
    return all(true, capabilities);
  }

  /// Turns capabilities off.
  public static MigrateSetCapabilities off(MigrationCapability... capabilities) {
    return all(false, capabilities);
  }

  private static MigrateSetCapabilities all(boolean on, MigrationCapability... capabilities) {
    Map<String, Boolean> byName = new LinkedHashMap<>();
    for (MigrationCapability each : capabilities) {
      byName.put(each.wireName(), on);
    }
    return new MigrateSetCapabilities(byName);
  }

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
