// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.ExitCode;

/// The entry point of the `tidemark` command.
public final class Main {
  private Main() {}

  /// Runs the command and ends the process with its exit code.
  ///
  /// @param args the command line
  public static void main(String[] args) {
    Logging.silence();
    int code;
    try (Console console = Console.standard()) {
      code = Tidemark.run(console, args);
      if (code == ExitCode.OK.code() && !console.isPrinted()) {
        System.err.println("tidemark: standard output cannot be written");
        code = ExitCode.FAILED.code();
      }
    }
    System.exit(code);
  }
}
