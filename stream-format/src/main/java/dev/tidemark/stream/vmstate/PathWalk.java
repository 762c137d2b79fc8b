// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import dev.tidemark.stream.vmstate.VmstateValue.Array;
import dev.tidemark.stream.vmstate.VmstateValue.Gtree;
import dev.tidemark.stream.vmstate.VmstateValue.Member;
import dev.tidemark.stream.vmstate.VmstateValue.Node;
import dev.tidemark.stream.vmstate.VmstateValue.Queue;
import dev.tidemark.stream.vmstate.VmstateValue.Scalar;
import dev.tidemark.stream.vmstate.VmstateValue.Scalars;
import dev.tidemark.stream.vmstate.VmstateValue.Struct;
import dev.tidemark.stream.vmstate.VmstateValue.Subsection;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Follows the field part of a [VmstatePath] into values.
final class PathWalk {
  private final UnaryOperator<VmstateValue> operator;
  private @Nullable VmstateValue found;

  private PathWalk(UnaryOperator<VmstateValue> operator) {
    this.operator = operator;
  }

  static Optional<VmstateValue> find(Struct root, String path) {
    PathWalk walk = new PathWalk(value -> value);
    var _ = walk.follow(root, path);
    return Optional.ofNullable(walk.found);
  }

  static Optional<Struct> replace(
      Struct root, String path, UnaryOperator<VmstateValue> replacement) {
    return new PathWalk(replacement).follow(root, path).map(Struct.class::cast);
  }

  /// Names that another member's name goes on from with an index, as `channels` beside
  /// `channels[0].count`. Since the longer name counts, elements of such a member are reached by a
  /// dot before the index: `channels.[0].count`.
  static Set<String> shadowed(Struct struct) {
    Set<String> stems = new HashSet<>();
    for (Member member : struct.members()) {
      String name = member.name();
      int first = name.indexOf('[');
      if (first > 0) {
        stems.add(name.substring(0, first));
        stems.add(name.substring(0, name.lastIndexOf('[')));
      }
    }
    return stems;
  }

  /// The step of a path that leads to a member's elements.
  ///
  /// @param shadowed of the member's struct
  static String step(Member member, Set<String> shadowed) {
    boolean elements =
        switch (member.value()) {
          case Array _, Queue _, Gtree _ -> true;
          default -> false;
        };
    return elements && shadowed.contains(member.name()) ? member.name() + "." : member.name();
  }

  /// The value with what the path leads to replaced; empty if it leads nowhere.
  private Optional<VmstateValue> follow(VmstateValue value, String path) {
    if (path.isEmpty()) {
      found = value;
      return Optional.of(operator.apply(value));
    }
    return switch (value) {
      case Struct s -> struct(s, path);
      case Scalars s ->
          element(path, s.count())
              .flatMap(
                  e -> follow(s.get(e.index()), e.rest()).map(v -> s.with(e.index(), (Scalar) v)));
      case Array a ->
          element(path, a.elements().size())
              .flatMap(
                  e ->
                      follow(a.elements().get(e.index()), e.rest())
                          .map(v -> new Array(replaced(a.elements(), e.index(), v))));
      case Queue q ->
          element(path, q.elements().size())
              .flatMap(
                  e ->
                      follow(q.elements().get(e.index()), e.rest())
                          .map(
                              v ->
                                  new Queue(
                                      q.type(), replaced(q.elements(), e.index(), (Struct) v))));
      case Gtree t ->
          element(path, t.nodes().size())
              .flatMap(
                  e ->
                      node(t.nodes().get(e.index()), e.rest())
                          .map(n -> new Gtree(replaced(t.nodes(), e.index(), n))));
      default -> Optional.empty();
    };
  }

  private Optional<VmstateValue> struct(Struct struct, String path) {
    for (int i = 0; i < struct.subsections().size(); i++) {
      Subsection subsection = struct.subsections().get(i);
      if (path.startsWith(subsection.name() + ":")) {
        int at = i;
        String rest = path.substring(subsection.name().length() + 1);
        return follow(subsection.fields(), rest)
            .map(v -> new Subsection(subsection.name(), subsection.version(), (Struct) v))
            .map(s -> with(struct, struct.members(), replaced(struct.subsections(), at, s)));
      }
    }
    List<Member> candidates =
        struct.members().stream()
            .filter(m -> leadsInto(m.name(), path))
            .sorted(Comparator.comparingInt((Member m) -> m.name().length()).reversed())
            .toList();
    for (Member member : candidates) {
      Optional<VmstateValue> value =
          follow(member.value(), behindDot(path.substring(member.name().length())));
      if (value.isPresent()) {
        Member changed = new Member(member.name(), value.get());
        int at = struct.members().indexOf(member);
        return Optional.of(
            with(struct, replaced(struct.members(), at, changed), struct.subsections()));
      }
    }
    return Optional.empty();
  }

  private Optional<Node> node(Node node, String path) {
    if (leadsInto("key", path)) {
      return follow(node.key(), behindDot(path.substring(3))).map(k -> new Node(k, node.value()));
    }
    if (leadsInto("value", path)) {
      return follow(node.value(), behindDot(path.substring(5)))
          .map(v -> new Node(node.key(), (Struct) v));
    }
    return Optional.empty();
  }

  private static Struct with(Struct old, List<Member> members, List<Subsection> subsections) {
    return new Struct(old.type(), old.vmsdName(), old.version(), members, subsections);
  }

  private static boolean leadsInto(String name, String path) {
    return path.startsWith(name)
        && (path.length() == name.length()
            || path.charAt(name.length()) == '.'
            || path.charAt(name.length()) == '[');
  }

  private static String behindDot(String path) {
    return path.startsWith(".") ? path.substring(1) : path;
  }

  /// An index and what stands behind it.
  private record Element(int index, String rest) {}

  private static Optional<Element> element(String path, int count) {
    int end = path.indexOf(']');
    if (!path.startsWith("[") || end < 0 || end > 10) {
      return Optional.empty();
    }
    String digits = path.substring(1, end);
    if (!digits.matches("\\d{1,9}") || Integer.parseInt(digits) >= count) {
      return Optional.empty();
    }
    return Optional.of(new Element(Integer.parseInt(digits), behindDot(path.substring(end + 1))));
  }

  private static <T> List<T> replaced(List<T> list, int index, T element) {
    List<T> copy = new ArrayList<>(list);
    copy.set(index, element);
    return copy;
  }
}
