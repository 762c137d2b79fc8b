// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonArray;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `yank`: breaks connections that hang, so that QEMU goes on. Made for going out of band.
///
/// @param instances which, out of those that `query-yank` returns
public record Yank(List<YankInstance> instances) implements QmpCommand<@Nullable Void> {
  /// Copies the list.
  public Yank {
    instances = List.copyOf(instances);
  }

  @Override
  public String wireName() {
    return "yank";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of(
        "instances",
        new JsonArray(instances.stream().map(each -> (JsonValue) each.raw()).toList()));
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
