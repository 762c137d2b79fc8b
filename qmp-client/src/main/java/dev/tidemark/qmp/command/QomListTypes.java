// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.util.List;
import java.util.Optional;

/// `qom-list-types`: the types of QOM.
///
/// @param implemented only those that are of this type
/// @param alsoAbstract whether abstract ones count
public record QomListTypes(Optional<String> implemented, boolean alsoAbstract)
    implements QmpCommand<List<QomType>> {
  @Override
  public String wireName() {
    return "qom-list-types";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.builder()
        .putIfPresent("implements", implemented)
        .put("abstract", alsoAbstract)
        .build();
  }

  @Override
  public List<QomType> decode(JsonValue returned) {
    return returned.asArray().objects().stream().map(QomType::of).toList();
  }
}
