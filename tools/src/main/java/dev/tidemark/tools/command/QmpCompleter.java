// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.qmp.schema.QmpSchema;
import dev.tidemark.qmp.schema.SchemaMember;
import dev.tidemark.qmp.schema.SchemaType;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;

/// Completes commands, names of arguments, and values of enums, as the VM's own schema has them.
final class QmpCompleter implements Completer {
  private final QmpSchema schema;

  QmpCompleter(QmpSchema schema) {
    this.schema = schema;
  }

  @Override
  public void complete(LineReader reader, ParsedLine line, List<Candidate> candidates) {
    if (line.wordIndex() == 0) {
      schema.commands().forEach(name -> candidates.add(candidate(name, true)));
      return;
    }
    String command = line.words().getFirst();
    if (line.words().get(1).startsWith("{")) {
      return; // the arguments as JSON
    }
    String word = line.word().substring(0, line.wordCursor());
    int equals = word.indexOf('=');
    if (equals < 0) {
      Set<String> given = given(line);
      names(command, word)
          .filter(name -> !given.contains(name))
          .forEach(name -> candidates.add(candidate(name, false)));
    } else {
      String path = word.substring(0, equals);
      for (String value : values(command, path)) {
        candidates.add(candidate(path + "=" + value, true));
      }
    }
  }

  /// The names that stand on the line already, with their `=`.
  private static Set<String> given(ParsedLine line) {
    Set<String> given = new HashSet<>();
    for (int i = 1; i < line.words().size(); i++) {
      String word = line.words().get(i);
      if (i != line.wordIndex() && word.contains("=")) {
        given.add(word.substring(0, word.indexOf('=') + 1));
      }
    }
    return given;
  }

  /// The names on the level of a word, `NAME=`, and `NAME.` where there are others within.
  private Stream<String> names(String command, String word) {
    String parent = parent(word);
    return members(command, parent).stream()
        .map(member -> parent.isEmpty() ? member.name() : parent + "." + member.name())
        .flatMap(
            path ->
                isObject(command, path)
                    ? Stream.of(path + "=", path + ".")
                    : Stream.of(path + "="));
  }

  private static String parent(String path) {
    return path.substring(0, Math.max(0, path.lastIndexOf('.')));
  }

  private List<SchemaMember> members(String command, String path) {
    return path.isEmpty() ? schema.arguments(command) : schema.arguments(command, path);
  }

  /// Whether there is something within an argument that a name can reach: not through an array.
  private boolean isObject(String command, String path) {
    return members(command, parent(path)).stream()
            .filter(member -> path.endsWith(member.name()))
            .noneMatch(
                member -> schema.type(member.type()).orElse(null) instanceof SchemaType.Array)
        && !members(command, path).isEmpty();
  }

  private List<String> values(String command, String path) {
    String name = path.substring(path.lastIndexOf('.') + 1);
    boolean flag =
        members(command, parent(path)).stream()
            .filter(member -> member.name().equals(name))
            .anyMatch(member -> isBoolean(member.type()));
    return flag ? List.of("true", "false") : schema.enumValues(command, path);
  }

  private boolean isBoolean(String type) {
    return schema.type(type).orElse(null) instanceof SchemaType.Builtin(_, String json)
        && json.equals("boolean");
  }

  /// @param complete whether a space may follow
  private static Candidate candidate(String text, boolean complete) {
    return new Candidate(text, text, null, null, null, null, complete);
  }
}
