// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.schema;

import dev.tidemark.qmp.json.JsonArray;
import dev.tidemark.qmp.json.JsonBoolean;
import dev.tidemark.qmp.json.JsonNull;
import dev.tidemark.qmp.json.JsonNumber;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonString;
import dev.tidemark.qmp.json.JsonValue;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Compares a call with the schema.
///
/// In doubt it lets the call pass: an answer of QEMU is better than a wrong refusal. So types and
/// kinds of types that are not known here take any value.
///
/// Recursion goes no deeper than the value does, but for the hops between types that take no step
/// in the value, which are counted.
final class CallCheck {
  /// Its other arguments are properties of the device, of which the schema says nothing.
  private static final String OPEN_COMMAND = "device_add";

  private static final String WRONG_TYPE = " must be a JSON ";
  private static final int MAX_HOPS = 16;
  private static final int MAX_LISTED = 8;

  private final QmpSchema schema;

  CallCheck(QmpSchema schema) {
    this.schema = schema;
  }

  Optional<String> objection(CommandSchema command, JsonObject arguments) {
    if (command.name().equals(OPEN_COMMAND)) {
      return Optional.empty();
    }
    return value(command.argumentType(), arguments, "", 0);
  }

  private Optional<String> value(String typeName, JsonValue value, String at, int hops) {
    Optional<SchemaType> type = schema.type(typeName);
    if (type.isEmpty() || hops > MAX_HOPS) {
      return Optional.empty();
    }
    return switch (type.get()) {
      case SchemaType.Builtin builtin -> builtin(builtin, value, at);
      case SchemaType.Enumeration enumeration -> enumeration(enumeration, value, at);
      case SchemaType.Array array -> array(array, value, at);
      case SchemaType.Struct struct -> struct(struct, value, at, hops);
      case SchemaType.Alternate alternate -> alternate(alternate, value, at, hops);
      case SchemaType.Unknown _ -> Optional.empty();
    };
  }

  private static Optional<String> builtin(SchemaType.Builtin type, JsonValue value, String at) {
    boolean fits =
        switch (type.json()) {
          case "string" -> value instanceof JsonString;
          case "boolean" -> value instanceof JsonBoolean;
          case "null" -> value instanceof JsonNull;
          case "number" -> value instanceof JsonNumber;
          case "int" -> value instanceof JsonNumber number && isIntegral(number);
          default -> true;
        };
    return fits ? Optional.empty() : wrongType(type.json(), value, at);
  }

  private static boolean isIntegral(JsonNumber number) {
    return number.literal().chars().noneMatch(c -> c == '.' || c == 'e' || c == 'E');
  }

  private static Optional<String> enumeration(
      SchemaType.Enumeration type, JsonValue value, String at) {
    if (!(value instanceof JsonString string)) {
      return wrongType("string", value, at);
    }
    if (type.values().contains(string.value())) {
      return Optional.empty();
    }
    return Optional.of(
        "this QEMU has no \""
            + string.value()
            + "\" ("
            + at
            + ")"
            + known(string.value(), type.values()));
  }

  /// What there is instead: all of it where that is little, else what is near.
  private static String known(String name, Collection<String> known) {
    return !known.isEmpty() && known.size() <= MAX_LISTED
        ? "; it has " + String.join(", ", known)
        : Near.suggestion(name, known);
  }

  private Optional<String> array(SchemaType.Array type, JsonValue value, String at) {
    if (!(value instanceof JsonArray array)) {
      return wrongType("array", value, at);
    }
    for (int i = 0; i < array.size(); i++) {
      Optional<String> objection = value(type.elementType(), array.get(i), at + "[" + i + "]", 0);
      if (objection.isPresent()) {
        return objection;
      }
    }
    return Optional.empty();
  }

  private Optional<String> struct(SchemaType.Struct type, JsonValue value, String at, int hops) {
    if (!(value instanceof JsonObject object)) {
      return wrongType("object", value, at);
    }
    Map<String, SchemaMember> members = new LinkedHashMap<>(type.members());
    boolean closed = addVariant(type, object, members, hops);
    for (Map.Entry<String, JsonValue> member : object.members().entrySet()) {
      SchemaMember known = members.get(member.getKey());
      if (known != null) {
        Optional<String> objection =
            value(known.type(), member.getValue(), inside(at, member.getKey()), 0);
        if (objection.isPresent()) {
          return objection;
        }
      } else if (closed) {
        return Optional.of(
            "this QEMU has no argument \""
                + inside(at, member.getKey())
                + "\""
                + known(member.getKey(), members.keySet()));
      }
    }
    return missing(members, object, at);
  }

  /// Adds the members that the value of the tag selects.
  ///
  /// @return whether all members are known now
  private boolean addVariant(
      SchemaType.Struct type, JsonObject object, Map<String, SchemaMember> members, int hops) {
    if (type.tag().isEmpty()) {
      return true;
    }
    if (!(object.members().get(type.tag().get()) instanceof JsonString tag) || hops > MAX_HOPS) {
      return false;
    }
    String variant = type.variants().get(tag.value());
    if (variant == null) {
      return true;
    }
    if (!(schema.type(variant).orElse(null) instanceof SchemaType.Struct struct)) {
      return false;
    }
    struct.members().forEach(members::putIfAbsent);
    return addVariant(struct, object, members, hops + 1);
  }

  private static Optional<String> missing(
      Map<String, SchemaMember> members, JsonObject object, String at) {
    for (SchemaMember member : members.values()) {
      if (!member.optional() && !object.has(member.name())) {
        return Optional.of("argument \"" + inside(at, member.name()) + "\" is missing");
      }
    }
    return Optional.empty();
  }

  private Optional<String> alternate(
      SchemaType.Alternate type, JsonValue value, String at, int hops) {
    List<String> objections = new ArrayList<>();
    for (String each : type.types()) {
      Optional<String> objection = value(each, value, at, hops + 1);
      if (objection.isEmpty()) {
        return Optional.empty();
      }
      objections.add(objection.get());
    }
    // The one that is not about the kind of this value is about the type that was meant.
    String otherKind = subject(at) + WRONG_TYPE;
    return objections.stream()
        .filter(each -> !each.startsWith(otherKind))
        .findFirst()
        .or(() -> objections.stream().findFirst());
  }

  private static Optional<String> wrongType(String wanted, JsonValue value, String at) {
    return Optional.of(subject(at) + WRONG_TYPE + wanted + ", not " + value.kind());
  }

  private static String subject(String at) {
    return at.isEmpty() ? "arguments" : "argument \"" + at + "\"";
  }

  private static String inside(String at, String name) {
    return at.isEmpty() ? name : at + "." + name;
  }
}
