// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `getfd`: gives a name to a descriptor that comes with the command.
///
/// It is of use only together with a descriptor: see `QmpClient.getfd`.
///
/// @param name the name, which must not start with a digit
public record Getfd(String name) implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "getfd";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of("fdname", name);
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
