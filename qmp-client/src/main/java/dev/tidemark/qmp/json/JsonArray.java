// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.json;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A JSON array.
///
/// @param values its elements, in order, unmodifiable
public record JsonArray(List<JsonValue> values) implements JsonValue, Iterable<JsonValue> {
  /// Copies the list.
  public JsonArray {
    values = List.copyOf(values);
  }

  /// An array of Java values, each converted by [JsonValue#of].
  public static JsonArray of(@Nullable Object... values) {
    return new JsonArray(Arrays.stream(values).map(JsonValue::of).toList());
  }

  /// The number of elements.
  public int size() {
    return values.size();
  }

  /// The element at an index, from 0.
  ///
  /// @throws IndexOutOfBoundsException if there is none
  public JsonValue get(int index) {
    return values.get(index);
  }

  /// The elements, each as an object.
  ///
  /// @throws JsonShapeException if one is no object
  public List<JsonObject> objects() {
    return values.stream().map(JsonValue::asObject).toList();
  }

  /// The elements, each as a string.
  ///
  /// @throws JsonShapeException if one is no string
  public List<String> strings() {
    return values.stream().map(JsonValue::asString).toList();
  }

  /// The elements as a stream.
  public Stream<JsonValue> stream() {
    return values.stream();
  }

  @Override
  public Iterator<JsonValue> iterator() {
    return values.iterator();
  }

  @Override
  public String toString() {
    return toJson();
  }
}
