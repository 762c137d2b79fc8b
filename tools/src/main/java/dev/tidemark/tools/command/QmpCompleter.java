// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.qmp.schema.QmpSchema;
import dev.tidemark.qmp.schema.SchemaMember;
import dev.tidemark.qmp.schema.SchemaType;
import java.util.List;
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
    String word = line.word().substring(0, line.wordCursor());
    int equals = word.indexOf('=');
    if (equals < 0) {
      for (SchemaMember member : schema.arguments(command)) {
        candidates.add(candidate(member.name() + "=", false));
      }
    } else {
      String name = word.substring(0, equals);
      for (String value : values(command, name)) {
        candidates.add(candidate(name + "=" + value, true));
      }
    }
  }

  private List<String> values(String command, String name) {
    boolean flag =
        schema.arguments(command).stream()
            .filter(member -> member.name().equals(name))
            .anyMatch(member -> isBoolean(member.type()));
    return flag ? List.of("true", "false") : schema.enumValues(command, name);
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
