// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.tools.demo.DemoListener;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.ProgressLine;
import dev.tidemark.tools.report.TextTable;
import java.util.Locale;

/// A demo's story as it happens, each line with the seconds since its beginning.
final class DemoStory implements DemoListener {
  private static final String WIPE = "\r\u001b[K";

  private final Console console;
  private final ProgressLine line;
  private final long begin = System.nanoTime();

  DemoStory(Console console, ProgressLine line) {
    this.console = console;
    this.line = line;
  }

  @Override
  public void says(String text) {
    double seconds = (System.nanoTime() - begin) / 1e9;
    String wipe = console.terminal() ? WIPE : "";
    console
        .err()
        .println(
            wipe + String.format(Locale.ROOT, "[%6.2f s] ", seconds) + TextTable.printable(text));
    console.err().flush();
  }

  @Override
  public void progress(String what, long done, long total) {
    line.show(what, done, total, "");
  }
}
