// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;
import java.util.Map;

/// `query-migrate-capabilities`: every migration capability of this QEMU and whether it is on.
public record QueryMigrateCapabilities() implements QmpCommand<Map<String, Boolean>> {
  @Override
  public String wireName() {
    return "query-migrate-capabilities";
  }

  @Override
  public Map<String, Boolean> decode(JsonValue returned) {
    return Replies.capabilities(returned);
  }
}
