// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;
import java.util.List;

/// `query-dump-guest-memory-capability`: the formats in which guest memory can be dumped.
public record QueryDumpGuestMemoryCapability() implements QmpCommand<List<String>> {
  @Override
  public String wireName() {
    return "query-dump-guest-memory-capability";
  }

  @Override
  public List<String> decode(JsonValue returned) {
    return returned.asObject().array("formats").strings();
  }
}
