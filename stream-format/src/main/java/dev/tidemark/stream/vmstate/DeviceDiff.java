// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import dev.tidemark.stream.vmstate.VmstateValue.Array;
import dev.tidemark.stream.vmstate.VmstateValue.Gtree;
import dev.tidemark.stream.vmstate.VmstateValue.Member;
import dev.tidemark.stream.vmstate.VmstateValue.Queue;
import dev.tidemark.stream.vmstate.VmstateValue.Scalars;
import dev.tidemark.stream.vmstate.VmstateValue.Struct;
import dev.tidemark.stream.vmstate.VmstateValue.Subsection;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What differs between two device states, field by field.
///
/// @param changes in the order of the first machine's stream, then what only the second has
public record DeviceDiff(List<Change> changes) {
  /// Longer arrays of numbers are compared as a whole.
  static final int ELEMENTS = 4096;

  /// Copies the list.
  public DeviceDiff {
    changes = List.copyOf(changes);
  }

  /// A value that is not the same.
  ///
  /// @param path where it stands
  /// @param before in the first machine; absent if only the second has it
  /// @param after in the second machine; absent if only the first has it
  public record Change(
      VmstatePath path, Optional<VmstateValue> before, Optional<VmstateValue> after) {}

  /// Compares machines. Devices are the same if idstr and instance id are.
  ///
  /// @param before the first
  /// @param after the second
  public static DeviceDiff between(MachineVmstate before, MachineVmstate after) {
    List<Change> changes = new ArrayList<>();
    Map<VmstatePath, DeviceVmstate> others = byPath(after);
    byPath(before)
        .forEach(
            (path, device) -> {
              DeviceVmstate other = others.remove(path);
              if (other == null) {
                changes.add(new Change(path, Optional.of(device.fields()), Optional.empty()));
              } else {
                new Comparison(path, changes).device(device, other);
              }
            });
    others.forEach(
        (path, device) ->
            changes.add(new Change(path, Optional.empty(), Optional.of(device.fields()))));
    VmstatePath rest = new VmstatePath("", 0, "");
    if (!before.rest().equals(after.rest())) {
      changes.add(new Change(rest, widen(before.rest()), widen(after.rest())));
    }
    return new DeviceDiff(changes);
  }

  private static Optional<VmstateValue> widen(Optional<? extends VmstateValue> value) {
    return value.map(v -> v);
  }

  private static Map<VmstatePath, DeviceVmstate> byPath(MachineVmstate machine) {
    Map<VmstatePath, DeviceVmstate> devices = new LinkedHashMap<>();
    machine.devices().forEach(device -> devices.putIfAbsent(device.path(""), device));
    return devices;
  }

  /// The comparison of one device.
  private record Comparison(VmstatePath device, List<Change> changes) {
    void device(DeviceVmstate before, DeviceVmstate after) {
      struct("", before.fields(), after.fields());
      if (!before.rest().equals(after.rest())) {
        add("", widen(before.rest()), widen(after.rest()));
      }
    }

    private void value(String path, VmstateValue before, VmstateValue after) {
      switch (before) {
        case Struct b when after instanceof Struct a && a.vmsdName().equals(b.vmsdName()) ->
            struct(path.isEmpty() ? "" : path + ".", b, a);
        case Array b when after instanceof Array a -> list(path, b.elements(), a.elements());
        case Queue b when after instanceof Queue a -> list(path, b.elements(), a.elements());
        case Gtree b when after instanceof Gtree a -> tree(path, b, a);
        case Scalars b when after instanceof Scalars a && comparable(b, a) -> numbers(path, b, a);
        default -> {
          if (!before.equals(after)) {
            add(path, Optional.of(before), Optional.of(after));
          }
        }
      }
    }

    private static boolean comparable(Scalars b, Scalars a) {
      return a.kind() == b.kind() && a.count() == b.count() && a.count() <= ELEMENTS;
    }

    private void numbers(String path, Scalars before, Scalars after) {
      for (int i = 0; i < before.count(); i++) {
        value(path + "[" + i + "]", before.get(i), after.get(i));
      }
    }

    private void list(
        String path, List<? extends VmstateValue> before, List<? extends VmstateValue> after) {
      for (int i = 0; i < Math.max(before.size(), after.size()); i++) {
        String element = path + "[" + i + "]";
        if (i < before.size() && i < after.size()) {
          value(element, before.get(i), after.get(i));
        } else {
          add(element, element(before, i), element(after, i));
        }
      }
    }

    private static Optional<VmstateValue> element(List<? extends VmstateValue> list, int index) {
      return index < list.size() ? Optional.of(list.get(index)) : Optional.empty();
    }

    private void tree(String path, Gtree before, Gtree after) {
      list(path, nodes(before), nodes(after));
    }

    private static List<Struct> nodes(Gtree tree) {
      return tree.nodes().stream()
          .map(
              node ->
                  new Struct(
                      "struct",
                      "",
                      0,
                      List.of(new Member("key", node.key()), new Member("value", node.value())),
                      List.of()))
          .toList();
    }

    private void struct(String prefix, Struct before, Struct after) {
      Map<String, VmstateValue> others = new LinkedHashMap<>();
      after.members().forEach(member -> others.put(member.name(), member.value()));
      Set<String> shadowed = PathWalk.shadowed(before);
      for (Member member : before.members()) {
        String path = prefix + PathWalk.step(member, shadowed);
        pair(path, member.value(), others.remove(member.name()));
      }
      others.forEach((name, value) -> add(prefix + name, Optional.empty(), Optional.of(value)));
      subsections(prefix, before, after);
    }

    private void subsections(String prefix, Struct before, Struct after) {
      Map<String, Struct> others = new LinkedHashMap<>();
      after.subsections().forEach(sub -> others.put(sub.name(), sub.fields()));
      for (Subsection subsection : before.subsections()) {
        String path = prefix + subsection.name() + ":";
        Struct other = others.remove(subsection.name());
        if (other == null) {
          add(path, Optional.of(subsection.fields()), Optional.empty());
        } else {
          struct(path, subsection.fields(), other);
        }
      }
      others.forEach(
          (name, fields) -> add(prefix + name + ":", Optional.empty(), Optional.of(fields)));
    }

    private void pair(String path, VmstateValue before, @Nullable VmstateValue after) {
      if (after == null) {
        add(path, Optional.of(before), Optional.empty());
      } else {
        value(path, before, after);
      }
    }

    private void add(String path, Optional<VmstateValue> before, Optional<VmstateValue> after) {
      changes.add(
          new Change(new VmstatePath(device.device(), device.instanceId(), path), before, after));
    }
  }
}
