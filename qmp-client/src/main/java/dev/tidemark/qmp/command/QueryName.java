// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;
import java.util.Optional;

/// `query-name`: the name given with `-name`, if there is one.
public record QueryName() implements QmpCommand<Optional<String>> {
  @Override
  public String wireName() {
    return "query-name";
  }

  @Override
  public Optional<String> decode(JsonValue returned) {
    return returned.asObject().optString("name");
  }
}
