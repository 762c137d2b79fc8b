// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.qmp.command.Raw;
import dev.tidemark.qmp.json.JsonException;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonString;
import dev.tidemark.qmp.json.JsonValue;
import dev.tidemark.tools.report.UsageException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// A QMP command as a person types it, in one of four ways:
///
/// ```
/// query-status
/// getfd {"fdname": "out"}
/// migrate uri=unix:/run/other.sock resume=true
/// {"execute": "query-status"}
/// ```
///
/// In `name=value` the value is JSON if it can be read as such, else a string; a dot in the name
/// goes into an object.
final class QmpLine {
  private static final Pattern PAIR = Pattern.compile("[A-Za-z0-9_.-]+=.*", Pattern.DOTALL);
  private static final String NO_OBJECT =
      "the arguments of a QMP command are a JSON object, such as {}";

  private QmpLine() {}

  /// Reads a line.
  ///
  /// @return empty for an empty line, and for one that begins with `#`
  static Optional<Raw> parse(String line) throws UsageException {
    String text = line.strip();
    if (text.isEmpty() || text.startsWith("#")) {
      return Optional.empty();
    }
    if (text.startsWith("{")) {
      return Optional.of(message(object("the message", text)));
    }
    int end = 0;
    while (end < text.length() && !Character.isWhitespace(text.charAt(end))) {
      end++;
    }
    return Optional.of(new Raw(text.substring(0, end), arguments(text.substring(end).strip())));
  }

  /// Reads a command that a shell has cut into words: quotes are gone, so in `NAME=two words` the
  /// word is the value. Where a word is no `NAME=VALUE` they are put together again.
  ///
  /// @param command the first word
  /// @param arguments the others
  static Raw of(String command, List<String> arguments) throws UsageException {
    boolean name =
        command.chars().noneMatch(c -> c == '{' || c == '#' || Character.isWhitespace(c));
    if (name
        && !command.isEmpty()
        && !arguments.isEmpty()
        && arguments.stream().allMatch(QmpLine::isPair)) {
      return new Raw(command, pairs(arguments));
    }
    return parse(command + " " + String.join(" ", arguments))
        .orElseThrow(
            () -> new UsageException("COMMAND is empty: expected a name, such as query-status"));
  }

  private static JsonObject arguments(String text) throws UsageException {
    if (text.isEmpty()) {
      return JsonObject.EMPTY;
    }
    if (text.startsWith("{") || text.startsWith("[")) {
      return object("the arguments", text);
    }
    return pairs(words(text));
  }

  private static boolean isPair(String word) {
    return PAIR.matcher(word).matches();
  }

  private static Raw message(JsonObject message) throws UsageException {
    if (!(message.members().get("execute") instanceof JsonString(String name))) {
      throw new UsageException("a message needs \"execute\" with the name of a command");
    }
    if (message.members().getOrDefault("arguments", JsonObject.EMPTY) instanceof JsonObject given) {
      return new Raw(name, given);
    }
    throw new UsageException(NO_OBJECT);
  }

  /// @param what the text is, for the error
  private static JsonObject object(String what, String text) throws UsageException {
    try {
      if (JsonValue.parse(text) instanceof JsonObject object) {
        return object;
      }
      throw new UsageException(NO_OBJECT);
    } catch (JsonException e) {
      throw new UsageException(what + ": " + e.getMessage());
    }
  }

  private static JsonObject pairs(List<String> words) throws UsageException {
    JsonObject arguments = JsonObject.EMPTY;
    for (String word : words) {
      if (!isPair(word)) {
        throw new UsageException("expected a JSON object, or NAME=VALUE ..., found '" + word + "'");
      }
      int equals = word.indexOf('=');
      List<String> path = List.of(word.substring(0, equals).split("\\.", -1));
      arguments = put(arguments, path, value(word.substring(equals + 1)));
    }
    return arguments;
  }

  private static JsonObject put(JsonObject into, List<String> path, JsonValue value) {
    String name = path.getFirst();
    if (path.size() == 1) {
      return into.with(name, value);
    }
    JsonObject inner =
        into.members().get(name) instanceof JsonObject there ? there : JsonObject.EMPTY;
    return into.with(name, put(inner, path.subList(1, path.size()), value));
  }

  private static JsonValue value(String text) {
    try {
      return JsonValue.parse(text);
    } catch (JsonException _) {
      return new JsonString(text);
    }
  }

  /// Cuts at white space outside of quotes and brackets.
  private static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    boolean quoted = false;
    int depth = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quoted && c == '\\' && i + 1 < text.length()) {
        word.append(c).append(text.charAt(++i));
        continue;
      }
      quoted ^= c == '"';
      if (!quoted) {
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
      }
      if (Character.isWhitespace(c) && !quoted && depth <= 0) {
        flush(words, word);
      } else {
        word.append(c);
      }
    }
    flush(words, word);
    return words;
  }

  private static void flush(List<String> words, StringBuilder word) {
    if (!word.isEmpty()) {
      words.add(word.toString());
      word.setLength(0);
    }
  }
}
