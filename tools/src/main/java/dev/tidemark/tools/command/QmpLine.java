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
      return Optional.of(message(object(text)));
    }
    int end = 0;
    while (end < text.length() && !Character.isWhitespace(text.charAt(end))) {
      end++;
    }
    return Optional.of(new Raw(text.substring(0, end), arguments(text.substring(end).strip())));
  }

  /// Reads what stands behind a command's name.
  static JsonObject arguments(String text) throws UsageException {
    if (text.isEmpty()) {
      return JsonObject.EMPTY;
    }
    return words(text).getFirst().matches("[A-Za-z0-9_.-]+=.*") ? pairs(words(text)) : object(text);
  }

  private static Raw message(JsonObject message) throws UsageException {
    if (!(message.members().get("execute") instanceof JsonString(String name))) {
      throw new UsageException("a message needs \"execute\" with the name of a command");
    }
    return message.members().getOrDefault("arguments", JsonObject.EMPTY) instanceof JsonObject given
        ? new Raw(name, given)
        : new Raw(name, object("[]"));
  }

  private static JsonObject object(String text) throws UsageException {
    try {
      if (JsonValue.parse(text) instanceof JsonObject object) {
        return object;
      }
      throw new UsageException("the arguments of a QMP command are a JSON object, such as {}");
    } catch (JsonException e) {
      throw new UsageException("the arguments are not JSON: " + e.getMessage());
    }
  }

  private static JsonObject pairs(List<String> words) throws UsageException {
    JsonObject arguments = JsonObject.EMPTY;
    for (String word : words) {
      int equals = word.indexOf('=');
      if (equals <= 0) {
        throw new UsageException("expected NAME=VALUE, found '" + word + "'");
      }
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
