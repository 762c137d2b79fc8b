// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.json;

import java.util.Map;

/// Writes a value compactly: no spaces, no line ends, nothing escaped that need not be.
final class JsonWriter {
  private final StringBuilder out = new StringBuilder();

  private JsonWriter() {}

  static String write(JsonValue value) {
    JsonWriter writer = new JsonWriter();
    writer.value(value);
    return writer.out.toString();
  }

  private void value(JsonValue value) {
    switch (value) {
      case JsonObject object -> object(object);
      case JsonArray array -> array(array);
      case JsonString string -> string(string.value());
      case JsonNumber number -> out.append(number.literal());
      case JsonBoolean flag -> out.append(flag.value());
      case JsonNull _ -> out.append("null");
    }
  }

  private void object(JsonObject object) {
    char separator = '{';
    for (Map.Entry<String, JsonValue> member : object.members().entrySet()) {
      out.append(separator);
      string(member.getKey());
      out.append(':');
      value(member.getValue());
      separator = ',';
    }
    out.append(object.isEmpty() ? "{}" : "}");
  }

  private void array(JsonArray array) {
    char separator = '[';
    for (JsonValue element : array) {
      out.append(separator);
      value(element);
      separator = ',';
    }
    out.append(array.size() == 0 ? "[]" : "]");
  }

  private void string(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      character(text.charAt(i));
    }
    out.append('"');
  }

  private void character(char c) {
    switch (c) {
      case '"' -> out.append("\\\"");
      case '\\' -> out.append("\\\\");
      case '\n' -> out.append("\\n");
      case '\r' -> out.append("\\r");
      case '\t' -> out.append("\\t");
      default -> {
        // DEL and control characters, those of 8 bits too, would be legal raw in part; escaped they
        // survive any terminal.
        if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
          out.append(String.format("\\u%04x", (int) c));
        } else {
          out.append(c);
        }
      }
    }
  }
}
