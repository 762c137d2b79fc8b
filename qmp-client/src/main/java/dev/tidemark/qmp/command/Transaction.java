// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonArray;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `transaction`: several actions on disks, of which all happen or none.
///
/// @param actions what to do, in order
public record Transaction(List<TransactionAction> actions) implements QmpCommand<@Nullable Void> {
  /// Copies the list.
  public Transaction {
    actions = List.copyOf(actions);
  }

  @Override
  public String wireName() {
    return "transaction";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of(
        "actions", new JsonArray(actions.stream().map(each -> (JsonValue) each.toJson()).toList()));
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
