// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonValue;

/// `query-migrate`: the state of the last migration.
public record QueryMigrate() implements QmpCommand<MigrationInfo> {
  @Override
  public String wireName() {
    return "query-migrate";
  }

  @Override
  public MigrationInfo decode(JsonValue returned) {
    return MigrationInfo.of(returned.asObject());
  }
}
