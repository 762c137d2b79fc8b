// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.qmp.Event;
import dev.tidemark.qmp.EventListener;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.QmpException;
import dev.tidemark.qmp.command.Quit;
import dev.tidemark.qmp.command.Raw;
import dev.tidemark.qmp.json.JsonNull;
import dev.tidemark.qmp.json.JsonValue;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.JsonReport;
import dev.tidemark.tools.report.UsageException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/// Commands for one VM, one after the other, and what is printed about them.
final class QmpSession {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");

  private final QmpClient client;

  QmpSession(QmpClient client) {
    this.client = client;
  }

  QmpClient client() {
    return client;
  }

  /// Sends a command and prints what it returns.
  ///
  /// @throws QmpException.Unsupported instead of QEMU's own error, where this QEMU does not have
  /// what
  ///     the command asks for
  void run(Raw call, PrintWriter out) throws IOException, InterruptedException {
    try {
      JsonReport.printValue(out, returned(call).toJson());
    } catch (QmpException.CommandFailed e) {
      client.check(call);
      throw e;
    }
  }

  private JsonValue returned(Raw call) throws QmpException, InterruptedException {
    if (call.wireName().equals(new Quit().wireName()) && call.arguments().isEmpty()) {
      client.execute(new Quit()); // which the end of the connection may answer
      return JsonNull.INSTANCE;
    }
    return client.execute(call);
  }

  /// Reads commands from lines, to the end or the first failure. Events go to standard error, each
  /// behind the reply during which it came.
  void runLines(BufferedReader lines, Console console)
      throws IOException, InterruptedException, UsageException {
    try (EventListener events = client.listen()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        Optional<Raw> call = QmpLine.parse(line);
        if (call.isPresent()) {
          run(call.get(), console.out());
          printEvents(events, console.err());
        }
      }
    }
  }

  private static void printEvents(EventListener events, PrintWriter err)
      throws InterruptedException {
    try {
      for (var each = events.poll(); each.isPresent(); each = events.poll()) {
        err.println(text(each.get()));
      }
    } catch (QmpException e) {
      // The next command says what is wrong; after the last one, `quit`, nothing is.
    }
    err.flush();
  }

  /// An event on one line, with the time of the day at which QEMU says it happened.
  static String text(Event event) {
    LocalTime at = event.timestamp().atZone(ZoneId.systemDefault()).toLocalTime();
    return TIME.format(at)
        + " "
        + event.name()
        + (event.data().isEmpty() ? "" : " " + event.data().toJson());
  }
}
