// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.QmpAddress;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.tools.Cli;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.opentest4j.TestAbortedException;

/// Runs of the command, and of other programs.
final class Commands {
  private static final int SECONDS = 60;

  private Commands() {}

  /// Runs the command, which must go well; warnings are allowed.
  static Cli good(Object... words) {
    Cli run = Cli.run(words);
    assertThat(run.code()).as("exit code; it said %s%s", run.err(), run.out()).isZero();
    return run;
  }

  /// Runs the command, which must fail as design asks: one line, no stack trace, no result.
  static Cli failing(Object... words) {
    Cli run = Cli.run(words);
    assertThat(run.err()).as("standard error").matches("tidemark: [^\\n]+\\n");
    assertThat(run.err()).doesNotContain("internal error", "Exception");
    assertThat(run.out()).as("standard output").isEmpty();
    return run;
  }

  /// Saves through the command.
  static Cli save(Path socket, Path file, Object... more) {
    Object[] words = new Object[6 + more.length];
    Object[] first = {"save", "--quiet", "--qmp", socket, "-o", file};
    System.arraycopy(first, 0, words, 0, 6);
    System.arraycopy(more, 0, words, 6, more.length);
    return good(words);
  }

  /// Converts through the command; archives become such that `zstd -dc` gives the stream.
  ///
  /// @param form a word of `--to`
  static void convert(Path in, Path out, String form) {
    if (form.equals("archive")) {
      good("convert", "--quiet", in, out, "--to", form, "--compress", "zstd");
    } else {
      good("convert", "--quiet", in, out, "--to", form);
    }
  }

  /// What the monitor on a socket answers to `query-status`.
  static RunState status(Path socket) throws IOException, InterruptedException {
    try (QmpClient qmp = QmpClient.connect(QmpAddress.unix(socket))) {
      return qmp.execute(new QueryStatus()).status();
    }
  }

  /// Runs another program to its end.
  ///
  /// @return its exit code, or 127 if it is not there
  static int exitCode(String... command) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(command[0] + " does not end");
      }
      return process.exitValue();
    } catch (IOException _) {
      return 127;
    }
  }

  /// Kills a process and waits until it is gone.
  static void kill(ProcessHandle process) {
    process.destroyForcibly();
    var _ = process.onExit().orTimeout(SECONDS, TimeUnit.SECONDS).join();
  }

  /// Goes on only if something is there that a live test needs.
  ///
  /// @throws AssertionError if it is not and live tests are required
  /// @throws TestAbortedException if it is not and they are optional
  static void need(boolean isThere, String what) {
    if (isThere) {
      return;
    }
    if ("required".equals(System.getProperty("tidemark.live", "optional"))) {
      throw new AssertionError("live tests are required, but " + what);
    }
    System.err.println("SKIPPED live test: " + what);
    throw new TestAbortedException(what);
  }
}
