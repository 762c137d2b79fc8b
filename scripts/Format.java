// SPDX-License-Identifier: Apache-2.0

import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Checks or mends the format of every Java file of the project: `Format check|fix ROOT`.
///
/// Run by the build (`mvn validate`, with `-Dformat.mode=fix` to mend).
final class Format {
  private static final int COLUMNS = 100;

  public static void main(String[] args) throws IOException {
    boolean fix = args[0].equals("fix");
    Path root = Path.of(args[1]);
    Formatter formatter = new Formatter(JavaFormatterOptions.builder().build());
    List<String> wrong = new ArrayList<>();
    for (Path file : javaFiles(root)) {
      String before = Files.readString(file);
      String after;
      try {
        after = formatter.formatSource(tidyImports(wrapDocLines(before)));
      } catch (FormatterException e) {
        System.err.println(root.relativize(file) + ": " + e.getMessage());
        wrong.add(root.relativize(file).toString());
        continue;
      }
      if (before.equals(after)) {
        continue;
      }
      if (fix) {
        Files.writeString(file, after);
        System.out.println("formatted " + root.relativize(file));
      } else {
        wrong.add(root.relativize(file).toString());
      }
    }
    if (!wrong.isEmpty()) {
      System.err.println("Not formatted (mend with: mvn validate -N -Dformat.mode=fix):");
      wrong.forEach(f -> System.err.println("  " + f));
      System.exit(1);
    }
  }

  /// Breaks `///` lines that are too long; the formatter would go on with `//`, outside the
  /// comment.
  private static String wrapDocLines(String source) {
    StringBuilder out = new StringBuilder();
    for (String line : source.split("\n", -1)) {
      String indent = line.substring(0, line.length() - line.stripLeading().length());
      String rest = line;
      while (rest.stripLeading().startsWith("/// ") && rest.length() > COLUMNS) {
        int space = rest.lastIndexOf(' ', COLUMNS);
        if (space <= indent.length() + 4) {
          break;
        }
        out.append(rest, 0, space).append('\n');
        rest = indent + "/// " + rest.substring(space + 1);
      }
      out.append(rest).append('\n');
    }
    return out.substring(0, out.length() - 1);
  }

  private static String tidyImports(String source) throws FormatterException {
    return RemoveUnusedImports.removeUnusedImports(
        ImportOrderer.reorderImports(source, JavaFormatterOptions.Style.GOOGLE));
  }

  private static List<Path> javaFiles(Path root) throws IOException {
    try (Stream<Path> walk = Files.walk(root)) {
      return walk.filter(f -> f.toString().endsWith(".java"))
          .filter(f -> !root.relativize(f).toString().matches("(.*/)?(target|\\.git)/.*"))
          .sorted()
          .toList();
    }
  }
}
