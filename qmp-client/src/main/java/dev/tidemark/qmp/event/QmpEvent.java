// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.event;

import dev.tidemark.qmp.command.DumpInfo;
import dev.tidemark.qmp.command.JobStatus;
import dev.tidemark.qmp.command.MigrationStatus;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonShapeException;
import java.util.Optional;

/// What an event says. Those that have no record here are [Other].
///
/// The component `raw` is all of the event's data, fields that are not known here among them.
///
/// Format: `qapi/*.json`, QEMU 10.0.2.
public sealed interface QmpEvent {

  /// All of the event's data.
  JsonObject raw();

  /// Reads an event.
  ///
  /// @param name such as `STOP`
  /// @param data its data
  /// @throws JsonShapeException if an event that is known here lacks what it must have
  static QmpEvent of(String name, JsonObject data) {
    return switch (name) {
      case "STOP" -> new Stop(data);
      case "RESUME" -> new Resume(data);
      case "POWERDOWN" -> new Powerdown(data);
      case "SHUTDOWN" -> new Shutdown(data.bool("guest"), cause(data), data);
      case "RESET" -> new Reset(data.bool("guest"), cause(data), data);
      case "MIGRATION" -> new Migration(MigrationStatus.of(data.string("status")), data);
      case "MIGRATION_PASS" -> new MigrationPass(data.longValue("pass"), data);
      case "JOB_STATUS_CHANGE" ->
          new JobStatusChange(data.string("id"), JobStatus.of(data.string("status")), data);
      case "BLOCK_JOB_COMPLETED" -> blockJobCompleted(data);
      case "DUMP_COMPLETED" ->
          new DumpCompleted(DumpInfo.of(data.object("result")), data.optString("error"), data);
      default -> new Other(name, data);
    };
  }

  private static ShutdownCause cause(JsonObject data) {
    return ShutdownCause.of(data.string("reason"));
  }

  private static BlockJobCompleted blockJobCompleted(JsonObject data) {
    return new BlockJobCompleted(
        data.string("type"),
        data.string("device"),
        data.longValue("len"),
        data.longValue("offset"),
        data.optString("error"),
        data);
  }

  /// `STOP`: the guest stands.
  record Stop(JsonObject raw) implements QmpEvent {}

  /// `RESUME`: the guest runs.
  record Resume(JsonObject raw) implements QmpEvent {}

  /// `POWERDOWN`: the power button was pressed.
  record Powerdown(JsonObject raw) implements QmpEvent {}

  /// `SHUTDOWN`: the machine has shut down; QEMU ends, unless it was told to stay.
  ///
  /// @param guest whether the guest wanted it
  /// @param reason why
  record Shutdown(boolean guest, ShutdownCause reason, JsonObject raw) implements QmpEvent {}

  /// `RESET`: the machine was reset.
  ///
  /// @param guest whether the guest wanted it
  /// @param reason why
  record Reset(boolean guest, ShutdownCause reason, JsonObject raw) implements QmpEvent {}

  /// `MIGRATION`: the state of a migration has changed. Only with the capability `events`.
  ///
  /// @param status the state
  record Migration(MigrationStatus status, JsonObject raw) implements QmpEvent {}

  /// `MIGRATION_PASS`: an iteration over dirty pages begins. Only with the capability `events`.
  ///
  /// @param pass its number, from 1
  record MigrationPass(long pass, JsonObject raw) implements QmpEvent {}

  /// `JOB_STATUS_CHANGE`: the state of a job has changed.
  ///
  /// @param id the job
  /// @param status the state
  record JobStatusChange(String id, JobStatus status, JsonObject raw) implements QmpEvent {}

  /// `BLOCK_JOB_COMPLETED`: a job that copies a disk is over.
  ///
  /// @param type what it did, such as `backup`
  /// @param device the job's id
  /// @param len how much there was to do, in bytes
  /// @param offset how much was done
  /// @param error why it failed; absent if it did not
  record BlockJobCompleted(
      String type, String device, long len, long offset, Optional<String> error, JsonObject raw)
      implements QmpEvent {}

  /// `DUMP_COMPLETED`: a dump of guest memory is over.
  ///
  /// @param result how far it came
  /// @param error why it failed; absent if it did not
  record DumpCompleted(DumpInfo result, Optional<String> error, JsonObject raw)
      implements QmpEvent {}

  /// An event that has no record here.
  ///
  /// @param name its name
  record Other(String name, JsonObject raw) implements QmpEvent {}
}
