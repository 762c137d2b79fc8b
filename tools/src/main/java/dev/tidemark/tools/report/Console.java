// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.report;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Where one run of the command writes to, and what happens when it is interrupted.
///
/// Results go to [#out]; progress, warnings and errors to [#err]. May be used by several threads.
public final class Console implements AutoCloseable {
  /// How long a process that was told to end waits for what it was doing to be undone.
  private static final long GRACE_SECONDS = 10;

  private final BufferedReader in;
  private final PrintWriter out;
  private final PrintWriter err;
  private final boolean terminal;
  private final boolean inputTerminal;
  private final CountDownLatch finished = new CountDownLatch(1);
  private @Nullable Thread hook;

  /// A console.
  ///
  /// @param out takes results
  /// @param err takes progress, warnings and errors
  /// @param terminal whether a person is watching `err`, so that a line may be drawn over
  public Console(PrintWriter out, PrintWriter err, boolean terminal) {
    this(new BufferedReader(Reader.nullReader()), out, err, terminal, false);
  }

  /// A console with input that is no terminal.
  ///
  /// @param in holds commands
  /// @param out takes results
  /// @param err takes progress, warnings and errors
  public Console(BufferedReader in, PrintWriter out, PrintWriter err) {
    this(in, out, err, false, false);
  }

  private Console(
      BufferedReader in,
      PrintWriter out,
      PrintWriter err,
      boolean terminal,
      boolean inputTerminal) {
    this.in = in;
    this.out = out;
    this.err = err;
    this.terminal = terminal;
    this.inputTerminal = inputTerminal;
  }

  /// The process's own standard streams.
  public static Console standard() {
    return new Console(
        new BufferedReader(new InputStreamReader(System.in, System.out.charset())),
        writer(System.out),
        writer(System.err),
        isTerminal(2),
        isTerminal(0));
  }

  private static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, stream.charset()), true);
  }

  /// The standard input.
  public BufferedReader in() {
    return in;
  }

  /// Whether a person is typing on [#in].
  public boolean isInputTerminal() {
    return inputTerminal;
  }

  /// Takes results.
  public PrintWriter out() {
    return out;
  }

  /// Takes progress, warnings and errors.
  public PrintWriter err() {
    return err;
  }

  /// Whether a person is watching [#err].
  public boolean terminal() {
    return terminal;
  }

  /// Brings out what was printed on [#out].
  ///
  /// @return whether all of it could be written
  public boolean isPrinted() {
    return !out.checkError();
  }

  /// Prints a warning: something that the user should know and that stops nothing.
  ///
  /// @param message one line, lower case, no full stop
  public void warn(String message) {
    err.println("tidemark: warning: " + message);
    err.flush();
  }

  /// Prints something that the user may want to know: no result, and nothing is wrong.
  ///
  /// @param message one line, lower case, no full stop
  public void note(String message) {
    err.println("tidemark: " + message);
    err.flush();
  }

  /// Has something done when the process is told to end (Ctrl-C, `kill`). The process then stays
  /// until this console is closed, for at most ten seconds, so that it can be undone and said.
  ///
  /// @param action what to do, once, on a thread of its own; must return soon
  public synchronized void onInterrupt(Runnable action) {
    removeHook();
    hook = new Thread(() -> undo(action), "tidemark-interrupt");
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending already.
      action.run();
    }
  }

  private void undo(Runnable action) {
    action.run();
    try {
      boolean inTime = finished.await(GRACE_SECONDS, TimeUnit.SECONDS);
      if (!inTime) {
        warn("gave up waiting for the work to be undone");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Ends the run: everything is printed, an interrupted process may go.
  @Override
  public synchronized void close() {
    out.flush();
    err.flush();
    finished.countDown();
    removeHook();
  }

  private void removeHook() {
    if (hook != null) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The process is already ending, and the hook is what waits for us.
      }
      hook = null;
    }
  }

  /// Whether a standard stream of the process is a terminal.
  ///
  /// Linux only; costs one system call, where the foreign-function way to `isatty` costs the
  /// start-up of method handles.
  ///
  /// @param descriptor 0, 1 or 2
  public static boolean isTerminal(int descriptor) {
    if ("dumb".equals(System.getenv("TERM"))) {
      return false;
    }
    try {
      String device = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return device.startsWith("/dev/pts/")
          || device.startsWith("/dev/tty")
          || device.equals("/dev/console");
    } catch (IOException | InvalidPathException | UnsupportedOperationException e) {
      return false;
    }
  }
}
