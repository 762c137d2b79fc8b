// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.json;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A JSON object.
///
/// Members keep their order; equality ignores it. The accessors come in pairs: `string("status")`
/// wants the member and throws, `optString("status")` is empty where the member is absent or null.
/// Both throw if the member is of another type.
///
/// @param members name to value, in order, unmodifiable
public record JsonObject(Map<String, JsonValue> members) implements JsonValue {
  /// The object without members.
  public static final JsonObject EMPTY = new JsonObject(Map.of());

  /// Copies the map, in its order.
  public JsonObject {
    members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
  }

  /// An object from names and values in turn, each value converted by [JsonValue#of]:
  /// `JsonObject.of("name", "fd0", "retry", true)`.
  ///
  /// @throws IllegalArgumentException if a name is no string, comes twice or has no value
  public static JsonObject of(@Nullable Object... namesAndValues) {
    if (namesAndValues.length % 2 != 0) {
      throw new IllegalArgumentException("a name without a value");
    }
    Builder builder = builder();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      if (!(namesAndValues[i] instanceof String name)) {
        throw new IllegalArgumentException("a member's name must be a string");
      }
      builder.put(name, namesAndValues[i + 1]);
    }
    return builder.build();
  }

  /// A builder without members.
  public static Builder builder() {
    return new Builder();
  }

  /// This object with one member added, or replaced in its place.
  public JsonObject with(String name, @Nullable Object value) {
    Map<String, JsonValue> copy = new LinkedHashMap<>(members);
    copy.put(name, JsonValue.of(value));
    return new JsonObject(copy);
  }

  /// Whether there are no members.
  public boolean isEmpty() {
    return members.isEmpty();
  }

  /// Whether a member is there, null or not.
  public boolean has(String name) {
    return members.containsKey(name);
  }

  /// A member's value, empty if it is absent or null.
  public Optional<JsonValue> opt(String name) {
    JsonValue value = members.get(name);
    return value instanceof JsonNull ? Optional.empty() : Optional.ofNullable(value);
  }

  /// A member's value.
  public JsonValue value(String name) {
    JsonValue value = members.get(name);
    if (value == null) {
      throw new JsonShapeException("no member \"" + name + "\"");
    }
    return value;
  }

  /// A member that is a string.
  public String string(String name) {
    return typed(name, value(name), JsonValue::asString);
  }

  /// A member that is a string, if it is there.
  public Optional<String> optString(String name) {
    return opt(name).map(value -> typed(name, value, JsonValue::asString));
  }

  /// A member that is an integer of 64 bits.
  public long longValue(String name) {
    return typed(name, value(name), JsonValue::asLong);
  }

  /// A member that is an integer of 64 bits, if it is there.
  public OptionalLong optLong(String name) {
    Optional<JsonValue> value = opt(name);
    return value.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(typed(name, value.get(), JsonValue::asLong));
  }

  /// A member that is a number.
  public double doubleValue(String name) {
    return typed(name, value(name), JsonValue::asDouble);
  }

  /// A member that is a number, if it is there.
  public OptionalDouble optDouble(String name) {
    Optional<JsonValue> value = opt(name);
    return value.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(typed(name, value.get(), JsonValue::asDouble));
  }

  /// A member that is a boolean.
  public boolean bool(String name) {
    return typed(name, value(name), JsonValue::asBoolean);
  }

  /// A member that is a boolean, if it is there.
  public Optional<Boolean> optBool(String name) {
    return opt(name).map(value -> typed(name, value, JsonValue::asBoolean));
  }

  /// A member that is an object.
  public JsonObject object(String name) {
    return typed(name, value(name), JsonValue::asObject);
  }

  /// A member that is an object, if it is there.
  public Optional<JsonObject> optObject(String name) {
    return opt(name).map(value -> typed(name, value, JsonValue::asObject));
  }

  /// A member that is an array.
  public JsonArray array(String name) {
    return typed(name, value(name), JsonValue::asArray);
  }

  /// A member that is an array, if it is there.
  public Optional<JsonArray> optArray(String name) {
    return opt(name).map(value -> typed(name, value, JsonValue::asArray));
  }

  private static <T> T typed(String name, JsonValue value, Function<JsonValue, T> as) {
    try {
      return as.apply(value);
    } catch (JsonShapeException e) {
      throw new JsonShapeException("member \"" + name + "\": " + e.getMessage());
    }
  }

  @Override
  public String toString() {
    return toJson();
  }

  /// Collects members in order.
  public static final class Builder {
    private final Map<String, JsonValue> members = new LinkedHashMap<>();

    private Builder() {}

    /// Adds a member, its value converted by [JsonValue#of].
    ///
    /// @throws IllegalArgumentException if there is one of that name
    public Builder put(String name, @Nullable Object value) {
      if (members.putIfAbsent(name, JsonValue.of(value)) != null) {
        throw new IllegalArgumentException("member \"" + name + "\" comes twice");
      }
      return this;
    }

    /// Adds a member if its value is there.
    public Builder putIfPresent(String name, Optional<?> value) {
      value.ifPresent(present -> put(name, present));
      return this;
    }

    /// The object.
    public JsonObject build() {
      return new JsonObject(members);
    }
  }
}
