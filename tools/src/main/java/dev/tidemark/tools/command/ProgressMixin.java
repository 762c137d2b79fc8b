// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.ProgressLine;
import picocli.CommandLine.Option;

/// `--quiet`.
final class ProgressMixin {
  @Option(
      names = {"-q", "--quiet"},
      description = "Show no progress.")
  private boolean quiet;

  ProgressLine line(Console console) {
    return new ProgressLine(console, quiet);
  }
}
