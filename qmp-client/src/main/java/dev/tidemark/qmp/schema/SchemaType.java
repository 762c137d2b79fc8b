// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.schema;

import dev.tidemark.qmp.json.JsonArray;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonShapeException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A type of the schema. Types refer to each other by name, since they may be recursive;
/// [QmpSchema#type] finds them. Only the names of built-in types mean anything: QEMU numbers the
/// others.
///
/// Format: `SchemaInfo` in `qapi/introspect.json`, QEMU 10.0.2.
public sealed interface SchemaType {

  /// The name by which other types refer to this one.
  String name();

  /// A type of JSON itself.
  ///
  /// @param json `string`, `number`, `int`, `boolean`, `null`, or `value` for any of them
  record Builtin(String name, String json) implements SchemaType {}

  /// Strings out of a set.
  ///
  /// @param values all of them, in QEMU's order
  record Enumeration(String name, List<String> values) implements SchemaType {
    /// Copies the list.
    public Enumeration {
      values = List.copyOf(values);
    }
  }

  /// Arrays.
  ///
  /// @param elementType the type of the elements
  record Array(String name, String elementType) implements SchemaType {}

  /// Objects.
  ///
  /// @param members the members that all of them have
  /// @param tag the member whose value selects further members, if there is one
  /// @param variants for values of the tag, the object type with the further members
  record Struct(
      String name,
      Map<String, SchemaMember> members,
      Optional<String> tag,
      Map<String, String> variants)
      implements SchemaType {
    /// Copies the maps, in their order.
    public Struct {
      members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
      variants = Collections.unmodifiableMap(new LinkedHashMap<>(variants));
    }
  }

  /// A value of one type among several, told apart by the kind of JSON.
  ///
  /// @param types the types
  record Alternate(String name, List<String> types) implements SchemaType {
    /// Copies the list.
    public Alternate {
      types = List.copyOf(types);
    }
  }

  /// A kind of type that is not known here. Any value may be of it.
  ///
  /// @param raw the whole entry
  record Unknown(String name, JsonObject raw) implements SchemaType {}

  /// Reads an entry that is neither command nor event.
  ///
  /// @throws JsonShapeException if it is of another form
  static SchemaType of(JsonObject entry) {
    String name = entry.string("name");
    return switch (entry.string("meta-type")) {
      case "builtin" -> new Builtin(name, entry.string("json-type"));
      case "enum" -> new Enumeration(name, values(entry));
      case "array" -> new Array(name, entry.string("element-type"));
      case "object" -> struct(name, entry);
      case "alternate" ->
          new Alternate(
              name,
              entry.array("members").objects().stream().map(each -> each.string("type")).toList());
      default -> new Unknown(name, entry);
    };
  }

  /// Since 6.2 `members`, each an object; `values` is what it had before.
  private static List<String> values(JsonObject entry) {
    Optional<JsonArray> members = entry.optArray("members");
    return members.isPresent()
        ? members.get().objects().stream().map(each -> each.string("name")).toList()
        : entry.array("values").strings();
  }

  private static Struct struct(String name, JsonObject entry) {
    Map<String, SchemaMember> members = new LinkedHashMap<>();
    for (JsonObject each : entry.array("members").objects()) {
      SchemaMember member = SchemaMember.of(each);
      members.put(member.name(), member);
    }
    Map<String, String> variants = new LinkedHashMap<>();
    List<JsonObject> cases = new ArrayList<>();
    entry.optArray("variants").ifPresent(array -> cases.addAll(array.objects()));
    for (JsonObject each : cases) {
      variants.put(each.string("case"), each.string("type"));
    }
    return new Struct(name, members, entry.optString("tag"), variants);
  }
}
