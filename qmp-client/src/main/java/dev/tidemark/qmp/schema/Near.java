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

  /// Levenshtein's distance; `-` and `_`, which QEMU itself mixes, count as one character.
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (same(a.charAt(i - 1), b.charAt(j - 1)) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }

  private static boolean same(char a, char b) {
    return (a == '_' ? '-' : a) == (b == '_' ? '-' : b);
  }
}
