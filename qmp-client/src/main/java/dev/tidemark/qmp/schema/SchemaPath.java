// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.schema;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Follows paths such as `channels.addr.transport` from a type.
///
/// Each step starts at a set of types and ends at one, since a member may be of several types in
/// several variants; a type is visited once, so that a schema which refers to itself ends.
///
/// @param schema holds the types
/// @param root where paths start
record SchemaPath(QmpSchema schema, String root) {
  /// The types at the end of a path; none if it leads nowhere.
  Set<String> follow(String path) {
    Set<String> at = Set.of(root);
    for (String name : path.split("\\.", -1)) {
      Set<String> next = new LinkedHashSet<>();
      for (SchemaMember member : members(at)) {
        if (member.name().equals(name)) {
          next.add(member.type());
        }
      }
      at = next;
    }
    return at;
  }

  List<String> enumValues(String path) {
    Set<String> values = new LinkedHashSet<>();
    for (SchemaType type : reachable(follow(path))) {
      if (type instanceof SchemaType.Enumeration enumeration) {
        values.addAll(enumeration.values());
      }
    }
    return List.copyOf(values);
  }

  List<SchemaMember> members() {
    return byName(Set.of(root));
  }

  List<SchemaMember> members(String path) {
    return byName(follow(path));
  }

  private List<SchemaMember> byName(Collection<String> types) {
    Map<String, SchemaMember> byName = new LinkedHashMap<>();
    members(types).forEach(member -> byName.putIfAbsent(member.name(), member));
    return List.copyOf(byName.values());
  }

  private List<SchemaMember> members(Collection<String> names) {
    List<SchemaMember> members = new ArrayList<>();
    for (SchemaType type : reachable(names)) {
      if (type instanceof SchemaType.Struct struct) {
        members.addAll(struct.members().values());
      }
    }
    return members;
  }

  /// The types of these names, and those that are reached without naming a member: elements of
  /// arrays, variants of unions, the choices of alternates.
  private List<SchemaType> reachable(Collection<String> names) {
    List<SchemaType> found = new ArrayList<>();
    Set<String> seen = new LinkedHashSet<>(names);
    Deque<String> open = new ArrayDeque<>(seen);
    while (!open.isEmpty()) {
      schema
          .type(open.remove())
          .ifPresent(
              type -> {
                found.add(type);
                beneath(type).stream().filter(seen::add).forEach(open::add);
              });
    }
    return found;
  }

  private static Collection<String> beneath(SchemaType type) {
    return switch (type) {
      case SchemaType.Array array -> List.of(array.elementType());
      case SchemaType.Struct struct -> struct.variants().values();
      case SchemaType.Alternate alternate -> alternate.types();
      case SchemaType.Builtin _, SchemaType.Enumeration _, SchemaType.Unknown _ -> List.of();
    };
  }
}
