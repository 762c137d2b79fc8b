// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.qmp.EventListener;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.QmpException;
import dev.tidemark.qmp.command.Raw;
import dev.tidemark.tools.report.Failure;
import dev.tidemark.tools.report.UsageException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.DefaultParser;
import org.jline.terminal.Attributes;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;

/// The prompt of `tidemark qmp`: commands are completed from the VM's own schema, events are shown
/// above the line as they come. Ctrl-C empties the line, or ends the waiting for an answer; Ctrl-D
/// ends the prompt.
///
/// All of JLine is here and in [QmpCompleter], so that no other command loads it.
final class QmpPrompt {
  private static final Duration LONG = Duration.ofDays(1);
  private static final long RAISE_MILLIS = 20;

  private final QmpSession session;
  private final Terminal terminal;
  private final LineReader reader;
  private volatile @Nullable QmpException end;
  private volatile boolean over;

  /// Who waits for an answer, for Ctrl-C.
  private volatile @Nullable Thread waiting;

  private boolean quit;

  QmpPrompt(QmpSession session, Terminal terminal) throws QmpException, InterruptedException {
    this.session = session;
    this.terminal = terminal;
    this.reader =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .completer(new QmpCompleter(session.client().schema()))
            // Backslashes and quotes are JSON's; lines that leave one open are errors, not a
            // second line.
            .parser(new DefaultParser().escapeChars(null).quoteChars(new char[0]))
            .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
            .build();
  }

  /// Runs the prompt on the process's terminal.
  static void run(QmpSession session) throws IOException, InterruptedException {
    try (Terminal terminal = TerminalBuilder.builder().system(true).build()) {
      new QmpPrompt(session, terminal).run();
    }
  }

  void run() throws IOException, InterruptedException {
    QmpClient client = session.client();
    terminal
        .writer()
        .println(
            "QEMU "
                + client.version()
                + " at "
                + client.address()
                + "; Tab completes, Ctrl-D ends");
    // Between two lines as well: what is typed while a command runs is shown once it is read.
    Attributes before = terminal.enterRawMode();
    terminal.handle(Terminal.Signal.INT, _ -> interrupt());
    try (EventListener events = session.client().listen()) {
      Thread.ofPlatform().daemon().name("tidemark-qmp-events").start(() -> show(events));
      for (Optional<String> line = read(); line.isPresent(); line = read()) {
        call(line.get());
        if (quit) {
          return;
        }
      }
    } finally {
      over = true;
      terminal.setAttributes(before);
    }
  }

  /// The next line; empty at the end.
  private Optional<String> read() throws QmpException {
    while (true) {
      try {
        return Optional.of(reader.readLine("qmp> "));
      } catch (EndOfFileException _) {
        return Optional.empty();
      } catch (UserInterruptException _) {
        // Ctrl-C empties the line, unless it came from the end of the connection.
        QmpException why = end;
        if (why != null) {
          throw why;
        }
      }
    }
  }

  private void call(String line) throws IOException {
    try {
      Optional<Raw> call = QmpLine.parse(line);
      if (call.isPresent()) {
        run(call.get());
        quit = call.get().wireName().equals("quit");
      }
    } catch (InterruptedException _) {
      terminal.writer().println("no longer waiting; QEMU may still carry the command out");
    } catch (UsageException | QmpException e) {
      if (e instanceof QmpException.Disconnected) {
        throw (QmpException) e;
      }
      terminal.writer().println(Failure.of(e, "").line());
    }
    terminal.flush();
  }

  private void run(Raw call) throws IOException, InterruptedException {
    waiting = Thread.currentThread();
    try {
      session.run(call, terminal.writer());
    } finally {
      waiting = null;
      Thread.interrupted(); // from a Ctrl-C that came too late
    }
  }

  private void interrupt() {
    Thread waits = waiting;
    if (waits != null) {
      waits.interrupt();
    }
  }

  private void show(EventListener events) {
    while (true) {
      try {
        events.next(LONG).ifPresent(event -> reader.printAbove(QmpSession.text(event)));
      } catch (QmpException.EventsLost e) {
        reader.printAbove(e.getMessage());
      } catch (QmpException e) {
        end = e;
        leaveLine();
        return;
      } catch (InterruptedException | IllegalStateException e) {
        return; // the listener is closed
      }
    }
  }

  /// Takes the reader out of its line; again and again, since it may be between two lines.
  private void leaveLine() {
    try {
      while (!over) {
        if (reader.isReading()) {
          terminal.raise(Terminal.Signal.INT);
        }
        Thread.sleep(RAISE_MILLIS);
      }
    } catch (InterruptedException _) {
      // The process ends.
    }
  }
}
