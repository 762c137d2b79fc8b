// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;

/// `query-dump`: how far a dump of guest memory has come.
public record QueryDump() implements QmpCommand<DumpInfo> {
  @Override
  public String wireName() {
    return "query-dump";
  }

  @Override
  public DumpInfo decode(JsonValue returned) {
    return DumpInfo.of(returned.asObject());
  }
}
