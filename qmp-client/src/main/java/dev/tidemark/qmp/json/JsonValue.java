// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.json;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A JSON value: immutable, compared by content.
///
/// `toString` is the compact text, on one line.
public sealed interface JsonValue
    permits JsonObject, JsonArray, JsonString, JsonNumber, JsonBoolean, JsonNull {

  /// Reads the one value that `text` holds, under the default limits.
  ///
  /// @throws JsonException if `text` is not exactly one JSON value
  static JsonValue parse(String text) throws JsonException {
    return parse(text.getBytes(StandardCharsets.UTF_8), JsonLimits.DEFAULT);
  }

  /// Reads the one value that `utf8` holds.
  ///
  /// @throws JsonException if `utf8` is not exactly one JSON value, or is beyond a limit
  static JsonValue parse(byte[] utf8, JsonLimits limits) throws JsonException {
    return parse(utf8, 0, utf8.length, limits);
  }

  /// Reads the one value that a part of `utf8` holds.
  ///
  /// @param offset first byte
  /// @param length number of bytes
  /// @throws JsonException if the part is not exactly one JSON value, or is beyond a limit
  static JsonValue parse(byte[] utf8, int offset, int length, JsonLimits limits)
      throws JsonException {
    return JsonReader.read(utf8, offset, length, limits);
  }

  /// The JSON value of a Java value: a `JsonValue` itself, a string, a boolean, a number, a list, a
  /// map with string keys, or null.
  ///
  /// @throws IllegalArgumentException for anything else
  static JsonValue of(@Nullable Object value) {
    return switch (value) {
      case null -> JsonNull.INSTANCE;
      case JsonValue json -> json;
      case CharSequence text -> new JsonString(text.toString());
      case Boolean flag -> new JsonBoolean(flag);
      case Double number -> JsonNumber.of(number);
      case Float number -> JsonNumber.of((double) number);
      case Number number -> new JsonNumber(number.toString());
      case List<?> list -> new JsonArray(list.stream().map(JsonValue::of).toList());
      case Map<?, ?> map -> {
        JsonObject.Builder object = JsonObject.builder();
        map.forEach((name, member) -> object.put(String.valueOf(name), member));
        yield object.build();
      }
      default -> throw new IllegalArgumentException("no JSON value for a " + value.getClass());
    };
  }

  /// What kind of value this is, as an error message names it: `object`, `array`, `string`,
  /// `number`, `boolean` or `null`.
  default String kind() {
    return switch (this) {
      case JsonObject _ -> "object";
      case JsonArray _ -> "array";
      case JsonString _ -> "string";
      case JsonNumber _ -> "number";
      case JsonBoolean _ -> "boolean";
      case JsonNull _ -> "null";
    };
  }

  /// This value as an object.
  ///
  /// @throws JsonShapeException if it is none
  default JsonObject asObject() {
    return as(JsonObject.class, "object");
  }

  /// This value as an array.
  ///
  /// @throws JsonShapeException if it is none
  default JsonArray asArray() {
    return as(JsonArray.class, "array");
  }

  /// The characters of this string.
  ///
  /// @throws JsonShapeException if it is no string
  default String asString() {
    return as(JsonString.class, "string").value();
  }

  /// This number as a long, exactly.
  ///
  /// @throws JsonShapeException if it is no number, not integral, or beyond a long
  default long asLong() {
    return as(JsonNumber.class, "number").longValue();
  }

  /// This number as the nearest double.
  ///
  /// @throws JsonShapeException if it is no number
  default double asDouble() {
    return as(JsonNumber.class, "number").doubleValue();
  }

  /// This boolean.
  ///
  /// @throws JsonShapeException if it is none
  default boolean asBoolean() {
    return as(JsonBoolean.class, "boolean").value();
  }

  /// This value as compact JSON on one line.
  default String toJson() {
    return JsonWriter.write(this);
  }

  private <T extends JsonValue> T as(Class<T> type, String wanted) {
    if (!type.isInstance(this)) {
      throw new JsonShapeException("expected a JSON " + wanted + ", found " + kind());
    }
    return type.cast(this);
  }
}
