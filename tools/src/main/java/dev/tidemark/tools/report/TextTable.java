// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.report;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/// Rows of text in aligned columns, two spaces between them; nothing stands behind the last text of
/// a line.
///
/// Used by one thread.
public final class TextTable {
  private final boolean[] right;
  private final List<String[]> rows = new ArrayList<>();

  private TextTable(boolean[] right) {
    this.right = right;
  }

  /// A table with a heading. A heading that starts with `>` is of a column that is aligned to the
  /// right; the sign is not printed.
  ///
  /// @param headings one for each column
  public static TextTable of(String... headings) {
    boolean[] right = new boolean[headings.length];
    String[] first = new String[headings.length];
    for (int i = 0; i < headings.length; i++) {
      right[i] = headings[i].startsWith(">");
      first[i] = right[i] ? headings[i].substring(1) : headings[i];
    }
    TextTable table = new TextTable(right);
    table.rows.add(first);
    return table;
  }

  /// A table of names and values, without a heading.
  public static TextTable ofProperties() {
    return ofColumns(2);
  }

  /// A table without a heading.
  ///
  /// @param columns how many, all aligned to the left
  public static TextTable ofColumns(int columns) {
    return new TextTable(new boolean[columns]);
  }

  /// Adds a row.
  ///
  /// @param cells one for each column
  public TextTable row(Object... cells) {
    if (cells.length != right.length) {
      throw new IllegalArgumentException(cells.length + " cells for " + right.length + " columns");
    }
    String[] row = new String[cells.length];
    for (int i = 0; i < cells.length; i++) {
      row[i] = printable(cells[i].toString());
    }
    rows.add(row);
    return this;
  }

  /// Prints the rows.
  ///
  /// @param out where to
  /// @param indent put before each line
  public void print(PrintWriter out, String indent) {
    int[] widths = new int[right.length];
    for (String[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        widths[i] = Math.max(widths[i], row[i].length());
      }
    }
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder(indent);
      for (int i = 0; i < row.length; i++) {
        String pad = " ".repeat(widths[i] - row[i].length());
        line.append(i == 0 ? "" : "  ").append(right[i] ? pad + row[i] : row[i] + pad);
      }
      out.println(line.toString().stripTrailing());
    }
  }

  /// Text from a file may hold anything; control characters would reach the user's terminal.
  ///
  /// @param text any text
  /// @return the text with `?` for each control character
  public static String printable(String text) {
    StringBuilder clean = new StringBuilder(text.length());
    text.codePoints().forEach(c -> clean.appendCodePoint(Character.isISOControl(c) ? '?' : c));
    return clean.toString();
  }
}
