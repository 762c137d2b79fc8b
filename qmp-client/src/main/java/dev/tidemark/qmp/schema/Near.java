// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.schema;

import java.util.Collection;
import java.util.Comparator;

/// What somebody who has mistyped a name may have meant.
final class Near {
  private static final int MAX_LENGTH = 64;

  private Near() {}

  /// `; did you mean "query-status"?`, or nothing where no name is near.
  static String suggestion(String name, Collection<String> known) {
    if (name.length() > MAX_LENGTH) {
      return "";
    }
    int allowed = Math.max(1, name.length() / 4);
    return known.stream()
        .filter(each -> distance(name, each) <= allowed)
        .min(Comparator.comparingInt(each -> distance(name, each)))
        .map(each -> "; did you mean \"" + each + "\"?")
        .orElse("");
  }

  /// Characters to insert, remove, replace, or swap with their neighbour; `-` and `_`, which QEMU
  /// itself mixes, count as one character.
  private static int distance(String a, String b) {
    int[][] rows = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        rows[i][j] = i == 0 || j == 0 ? i + j : cheapest(rows, a, i, b, j);
      }
    }
    return rows[a.length()][b.length()];
  }

  private static int cheapest(int[][] rows, String a, int i, String b, int j) {
    boolean same = same(a.charAt(i - 1), b.charAt(j - 1));
    int cost = Math.min(rows[i - 1][j], rows[i][j - 1]) + 1;
    cost = Math.min(cost, rows[i - 1][j - 1] + (same ? 0 : 1));
    boolean swapped =
        i > 1
            && j > 1
            && same(a.charAt(i - 1), b.charAt(j - 2))
            && same(a.charAt(i - 2), b.charAt(j - 1));
    return swapped ? Math.min(cost, rows[i - 2][j - 2] + 1) : cost;
  }

  private static boolean same(char a, char b) {
    return (a == '_' ? '-' : a) == (b == '_' ? '-' : b);
  }
}
