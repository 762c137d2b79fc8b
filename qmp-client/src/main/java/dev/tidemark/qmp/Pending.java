// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import dev.tidemark.qmp.command.QmpCommand;
import dev.tidemark.qmp.command.Quit;
import dev.tidemark.qmp.json.JsonNull;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/// A command that has no answer yet. Confined to the connection's event loop, but for its future.
final class Pending<R extends @Nullable Object> {
  /// No descriptor goes with the command.
  static final int NO_DESCRIPTOR = -1;

  final long id;
  final QmpCommand<R> command;
  final Duration deadline;
  final CompletableFuture<R> future = new CompletableFuture<>();

  /// The command as it goes over the wire.
  final byte[] message;

  /// Whether it goes past the commands that wait.
  final boolean outOfBand;

  /// A copy of the caller's descriptor, owned by the connection, or [#NO_DESCRIPTOR].
  final int descriptor;

  private @Nullable Future<?> timer;

  Pending(long id, QmpCommand<R> command, Duration deadline, int descriptor, boolean outOfBand) {
    this.id = id;
    this.command = command;
    this.deadline = deadline;
    this.descriptor = descriptor;
    this.outOfBand = outOfBand;
    this.message = encode();
  }

  boolean hasDescriptor() {
    return descriptor != NO_DESCRIPTOR;
  }

  private byte[] encode() {
    JsonObject.Builder message =
        JsonObject.builder().put(outOfBand ? "exec-oob" : "execute", command.wireName());
    if (!command.arguments().isEmpty()) {
      message.put("arguments", command.arguments());
    }
    return (message.put("id", id).build().toJson() + "\n").getBytes(StandardCharsets.UTF_8);
  }

  void startTimer(Future<?> started) {
    timer = started;
  }

  void stopTimer() {
    if (timer != null) {
      timer.cancel(false);
    }
  }

  /// Completes with QEMU's answer.
  void answer(JsonObject message) {
    stopTimer();
    try {
      Optional<JsonObject> error = message.optObject("error");
      if (error.isPresent()) {
        future.completeExceptionally(
            new QmpException.CommandFailed(
                command.wireName(), error.get().string("class"), error.get().string("desc")));
      } else {
        future.complete(command.decode(returned(message)));
      }
    } catch (RuntimeException e) {
      // Whatever a decoder trips over, its caller must hear of it: the timer has been stopped.
      future.completeExceptionally(
          new QmpException.ProtocolViolated(
              command.wireName() + ": a reply of another form: " + e.getMessage(), "", e));
    }
  }

  private static JsonValue returned(JsonObject message) {
    JsonValue value = message.members().get("return");
    return value == null ? JsonNull.INSTANCE : value;
  }

  /// Completes since the connection has ended.
  void end(End why) {
    stopTimer();
    if (command instanceof Quit && why.received() == null) {
      // What `quit` is for has happened, whether or not its reply got out.
      future.complete(command.decode(JsonNull.INSTANCE));
    } else {
      future.completeExceptionally(why.toException(command.wireName()));
    }
  }

  void exceedDeadline() {
    future.completeExceptionally(new QmpException.DeadlineExceeded(command.wireName(), deadline));
  }
}
