// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.tools.report.Console;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Arrays;

/// One run of the command in this process: what it printed and its exit code.
public record Cli(int code, String out, String err) {
  /// Runs the command.
  public static Cli run(Object... args) {
    return runWithInput("", args);
  }

  /// Runs the command with a standard input.
  public static Cli runWithInput(String input, Object... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] words = Arrays.stream(args).map(Object::toString).toArray(String[]::new);
    BufferedReader in = new BufferedReader(new StringReader(input));
    try (Console console = new Console(in, new PrintWriter(out), new PrintWriter(err))) {
      int code = Tidemark.run(console, words);
      return new Cli(code, out.toString(), err.toString());
    }
  }

  /// Asserts that it failed with a code and exactly one line on standard error.
  Cli failed(int expected) {
    assertThat(err).as("standard error").matches("tidemark: [^\\n]+\\n");
    assertThat(code).as("exit code; it said %s", err).isEqualTo(expected);
    assertThat(out).as("standard output").isEmpty();
    return this;
  }

  /// Asserts that it went well and said nothing on standard error.
  public Cli ok() {
    assertThat(err).as("standard error").isEmpty();
    assertThat(code).as("exit code").isZero();
    return this;
  }

  /// What it printed, with the file's folder taken away.
  String outWithout(Path folder) {
    return out.replace(folder + "/", "");
  }
}
