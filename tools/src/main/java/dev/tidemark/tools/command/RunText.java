// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.tools.report.TextTable;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.function.Consumer;

/// A table of ranges of RAM, which can be very long: its rows are visited twice, once for the
/// widths of the columns, and none is kept.
final class RunText {
  private static final String[] HEADINGS = {"block", "from", "to", "pages"};

  private final int pageSize;
  private final String lastHeading;
  private final int[] widths = new int[HEADINGS.length];

  /// Visits all rows, the same ones each time.
  @FunctionalInterface
  interface Rows {
    /// Visits them.
    ///
    /// @param visitor takes them
    void visit(RowVisitor visitor) throws IOException;
  }

  /// Takes a row.
  @FunctionalInterface
  interface RowVisitor {
    /// A row.
    ///
    /// @param block name of the RAM block
    /// @param start offset of the first byte
    /// @param end offset behind the last one
    /// @param what to say of it
    void row(String block, long start, long end, String what);
  }

  /// @param pageSize bytes of a page
  /// @param lastHeading of the column with what is said of a range
  RunText(int pageSize, String lastHeading) {
    this.pageSize = pageSize;
    this.lastHeading = lastHeading;
    for (int i = 0; i < HEADINGS.length; i++) {
      widths[i] = HEADINGS[i].length();
    }
  }

  void print(PrintWriter out, String indent, Rows rows) throws IOException {
    rows.visit((block, start, end, _) -> fit(cells(block, start, end)));
    Consumer<String> line = text -> out.println(indent + text);
    line.accept(line(HEADINGS, lastHeading));
    rows.visit((block, start, end, what) -> line.accept(line(cells(block, start, end), what)));
  }

  private String[] cells(String block, long start, long end) {
    return new String[] {
      TextTable.printable(block),
      "0x" + Long.toHexString(start),
      "0x" + Long.toHexString(end),
      Long.toString((end - start) / pageSize)
    };
  }

  private void fit(String[] cells) {
    for (int i = 0; i < cells.length; i++) {
      widths[i] = Math.max(widths[i], cells[i].length());
    }
  }

  private String line(String[] cells, String what) {
    StringBuilder line = new StringBuilder(cells[0]);
    line.append(" ".repeat(widths[0] - cells[0].length()));
    for (int i = 1; i < cells.length; i++) {
      line.append("  ").append(" ".repeat(widths[i] - cells[i].length())).append(cells[i]);
    }
    return line.append("  ").append(what).toString();
  }
}
