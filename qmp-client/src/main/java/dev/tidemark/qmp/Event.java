// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import dev.tidemark.qmp.event.QmpEvent;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonShapeException;
import java.time.Instant;

/// An event that QEMU sent.
///
/// @param name such as `STOP`
/// @param data its data; empty where it has none
/// @param timestamp when it happened by QEMU's clock, in microseconds; one second before the epoch
///     where QEMU could not tell
public record Event(String name, JsonObject data, Instant timestamp) {
  /// What it says, as a record; [QmpEvent.Other] where there is none for it.
  ///
  /// @throws QmpException.ProtocolViolated if it lacks what an event of this name must have
  public QmpEvent typed() throws QmpException.ProtocolViolated {
    try {
      return QmpEvent.of(name, data);
    } catch (JsonShapeException e) {
      throw new QmpException.ProtocolViolated(
          name + ": an event of another form: " + e.getMessage(), "", e);
    }
  }

  static Event of(JsonObject message) {
    JsonObject timestamp = message.object("timestamp");
    return new Event(
        message.string("event"),
        message.optObject("data").orElse(JsonObject.EMPTY),
        Instant.ofEpochSecond(
            timestamp.longValue("seconds"),
            Math.max(0, timestamp.longValue("microseconds")) * 1000));
  }
}
