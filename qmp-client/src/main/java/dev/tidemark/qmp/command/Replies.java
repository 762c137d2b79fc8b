// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonArray;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// Shapes that several commands share.
final class Replies {
  private Replies() {}

  static Map<String, Boolean> capabilities(JsonValue returned) {
    Map<String, Boolean> capabilities = new LinkedHashMap<>();
    for (JsonObject each : returned.asArray().objects()) {
      capabilities.put(each.string("capability"), each.bool("state"));
    }
    return Collections.unmodifiableMap(capabilities);
  }

  static JsonObject capabilityArguments(Map<String, Boolean> capabilities) {
    return JsonObject.of(
        "capabilities",
        new JsonArray(
            capabilities.entrySet().stream()
                .map(each -> capability(each.getKey(), each.getValue()))
                .toList()));
  }

  private static JsonValue capability(String name, boolean on) {
    return JsonObject.of("capability", name, "state", on);
  }

  static Optional<Duration> millis(JsonObject object, String name) {
    OptionalLong value = object.optLong(name);
    return value.isEmpty() ? Optional.empty() : Optional.of(Duration.ofMillis(value.getAsLong()));
  }
}
