// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.tools.report.Console;
import java.io.PrintWriter;
import java.util.concurrent.Callable;

/// A command. It has a public constructor that takes the [Console] alone.
public abstract class TidemarkCommand implements Callable<Integer> {
  private final Console console;

  /// A command.
  ///
  /// @param console where it prints
  protected TidemarkCommand(Console console) {
    this.console = console;
  }

  /// Does the work and prints its result. Returning means success.
  ///
  /// @throws Exception if it fails, or the result is that something does not hold;
  ///     [dev.tidemark.tools.report.Failure] tells what becomes of it
  protected abstract void run() throws Exception;

  /// What the command works on, such as a file's name: put before an error that does not say so.
  public abstract String subject();

  @Override
  public final Integer call() throws Exception {
    run();
    return 0;
  }

  /// Where the command prints.
  protected final Console console() {
    return console;
  }

  /// Takes results.
  protected final PrintWriter out() {
    return console.out();
  }
}
