// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.launch;

import dev.tidemark.qmp.json.JsonArray;
import dev.tidemark.qmp.json.JsonBoolean;
import dev.tidemark.qmp.json.JsonException;
import dev.tidemark.qmp.json.JsonNull;
import dev.tidemark.qmp.json.JsonNumber;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonString;
import dev.tidemark.qmp.json.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// An option's value as a JSON object.
///
/// @param json the object
/// @param text the value as written
record JsonOptionValue(JsonObject json, String text) implements OptionValue {
  static JsonOptionValue parse(String text) {
    try {
      if (JsonValue.parse(text) instanceof JsonObject object) {
        return new JsonOptionValue(object, text);
      }
    } catch (JsonException e) {
      throw new IllegalArgumentException("not JSON: " + e.getMessage(), e);
    }
    throw new IllegalArgumentException("not a JSON object: " + text);
  }

  @Override
  public List<Property> properties() {
    List<Property> flat = new ArrayList<>();
    flatten("", json, flat);
    return flat;
  }

  private static void flatten(String key, JsonValue value, List<Property> into) {
    switch (value) {
      case JsonObject object ->
          object.members().forEach((name, member) -> flatten(join(key, name), member, into));
      case JsonArray array -> {
        for (int i = 0; i < array.size(); i++) {
          flatten(join(key, Integer.toString(i)), array.get(i), into);
        }
      }
      case JsonString string -> into.add(new Property(key, string.value()));
      case JsonNumber number -> into.add(new Property(key, number.literal()));
      case JsonBoolean flag -> into.add(new Property(key, flag.value() ? "on" : "off"));
      case JsonNull _ -> into.add(new Property(key, ""));
    }
  }

  private static String join(String key, String name) {
    return key.isEmpty() ? name : key + "." + name;
  }

  @Override
  public OptionValue with(String key, String value) {
    return changed(with(json, key, value));
  }

  private static JsonObject with(JsonObject object, String key, String value) {
    int dot = key.indexOf('.');
    if (dot < 0) {
      return object.with(key, value);
    }
    String name = key.substring(0, dot);
    JsonObject inner =
        object.opt(name).filter(JsonObject.class::isInstance).isPresent()
            ? object.object(name)
            : JsonObject.EMPTY;
    return object.with(name, with(inner, key.substring(dot + 1), value));
  }

  @Override
  public OptionValue without(String key) {
    return changed(without(json, key));
  }

  private static JsonObject without(JsonObject object, String key) {
    int dot = key.indexOf('.');
    String name = dot < 0 ? key : key.substring(0, dot);
    Map<String, JsonValue> members = new LinkedHashMap<>(object.members());
    if (dot < 0) {
      members.remove(name);
    } else if (members.get(name) instanceof JsonObject inner) {
      members.put(name, without(inner, key.substring(dot + 1)));
    }
    return new JsonObject(members);
  }

  private static OptionValue changed(JsonObject json) {
    return new JsonOptionValue(json, json.toJson());
  }

  @Override
  public String render() {
    return text;
  }
}
