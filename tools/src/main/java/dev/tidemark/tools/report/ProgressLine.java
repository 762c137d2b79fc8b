// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.report;

import java.util.function.LongSupplier;

/// How far a piece of work is: a bar that is drawn over on a terminal, else a plain line now and
/// then.
///
/// May be used by several threads. Closing it wipes the bar.
public final class ProgressLine implements AutoCloseable {
  private static final long TERMINAL_NANOS = 100_000_000L;
  private static final long PLAIN_NANOS = 2_000_000_000L;
  private static final int BAR = 24;
  private static final String WIPE = "\r\u001b[K";

  private final Console console;
  private final boolean quiet;
  private final LongSupplier clock;
  private long shownAt;
  private boolean drawn;
  private boolean closed;

  /// A line that shows nothing yet.
  ///
  /// @param console where it is shown
  /// @param quiet whether it is not shown at all
  public ProgressLine(Console console, boolean quiet) {
    this(console, quiet, System::nanoTime);
  }

  ProgressLine(Console console, boolean quiet, LongSupplier clock) {
    this.console = console;
    this.quiet = quiet;
    this.clock = clock;
    // The first plain line comes after two seconds: what is over before needs none.
    this.shownAt = console.terminal() ? clock.getAsLong() - TERMINAL_NANOS : clock.getAsLong();
  }

  /// Shows how far the work is, unless something was shown a moment ago.
  ///
  /// @param what the work, such as `verifying`
  /// @param done how much is done
  /// @param total how much there is; 0 while not known
  /// @param detail what else there is to say; may be empty
  public synchronized void show(String what, long done, long total, String detail) {
    long now = clock.getAsLong();
    if (quiet || closed || now - shownAt < (console.terminal() ? TERMINAL_NANOS : PLAIN_NANOS)) {
      return;
    }
    shownAt = now;
    String text = detail.isEmpty() ? "" : "  " + detail;
    if (console.terminal()) {
      console.err().print(WIPE + what + bar(done, total) + text);
      drawn = true;
    } else {
      console.err().println("tidemark: " + what + share(done, total) + text);
    }
    console.err().flush();
  }

  private static String share(long done, long total) {
    return total <= 0
        ? ""
        : ": " + (int) (Math.clamp(done / (double) total, 0.0, 1.0) * 100) + " %";
  }

  private static String bar(long done, long total) {
    if (total <= 0) {
      return "";
    }
    double share = Math.clamp(done / (double) total, 0.0, 1.0);
    int filled = (int) (share * BAR);
    String percent = String.valueOf((int) (share * 100));
    return " ["
        + "#".repeat(filled)
        + ".".repeat(BAR - filled)
        + "] "
        + " ".repeat(3 - percent.length())
        + percent
        + " %";
  }

  /// Takes it away, for good: results that follow stand on a line of their own.
  public synchronized void end() {
    if (drawn) {
      console.err().print(WIPE);
      console.err().flush();
      drawn = false;
    }
    closed = true;
  }

  /// As [#end].
  @Override
  public void close() {
    end();
  }
}
