// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;

/// `human-monitor-command`: runs a line of the human monitor and returns what it prints.
///
/// An error of the line is part of the text, never of the reply.
///
/// @param line the line, such as `info mtree -f`
public record HumanMonitorCommand(String line) implements QmpCommand<String> {
  @Override
  public String wireName() {
    return "human-monitor-command";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of("command-line", line);
  }

  @Override
  public String decode(JsonValue returned) {
    return returned.asString();
  }
}
