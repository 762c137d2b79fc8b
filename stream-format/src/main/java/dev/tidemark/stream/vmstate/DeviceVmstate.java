// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import dev.tidemark.stream.SectionHeader;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.vmstate.VmstateValue.Array;
import dev.tidemark.stream.vmstate.VmstateValue.Gtree;
import dev.tidemark.stream.vmstate.VmstateValue.Opaque;
import dev.tidemark.stream.vmstate.VmstateValue.Queue;
import dev.tidemark.stream.vmstate.VmstateValue.Scalar;
import dev.tidemark.stream.vmstate.VmstateValue.Struct;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;

/// One device section with its values by name. Immutable.
///
/// @param streamOffset where the section starts in its stream
/// @param header of the section
/// @param footer whether a footer follows
/// @param fields what the device saved
/// @param rest what stands behind it and does not fit vmdesc; absent if all was decoded
public record DeviceVmstate(
    long streamOffset, SectionHeader header, boolean footer, Struct fields, Optional<Opaque> rest) {

  /// Decodes a section. What is not as the layout says is kept as [Opaque].
  ///
  /// @param section header and body
  /// @param layout what vmdesc says of it
  public static DeviceVmstate decode(DeviceSection section, VmdescLayout.Vmsd layout) {
    return decode(section, layout, new VmstateDecoder.Budget());
  }

  /// Decodes sections, from wherever in a stream they come: its end, before RAM, or a package of
  /// postcopy, whose layout is that of another stream of the same machine.
  ///
  /// @param sections header and body of each
  /// @param layout describes them; a section that it does not describe is all [#rest]
  /// @return the devices in the order of the sections
  public static List<DeviceVmstate> decode(List<DeviceSection> sections, VmdescLayout layout) {
    Map<VmDescription.Key, VmdescLayout.Vmsd> layouts = new HashMap<>();
    for (VmdescLayout.Device device : layout.devices()) {
      layouts.putIfAbsent(new VmDescription.Key(device.name(), device.instanceId()), device.vmsd());
    }
    VmdescLayout.Vmsd none = new VmdescLayout.Vmsd("", 0, List.of(), List.of());
    VmstateDecoder.Budget budget = new VmstateDecoder.Budget();
    List<DeviceVmstate> devices = new ArrayList<>();
    for (DeviceSection section : sections) {
      SectionHeader header = section.header();
      VmDescription.Key key = new VmDescription.Key(header.idstr(), header.instanceId());
      devices.add(decode(section, layouts.getOrDefault(key, none), budget));
    }
    return List.copyOf(devices);
  }

  private static DeviceVmstate decode(
      DeviceSection section, VmdescLayout.Vmsd layout, VmstateDecoder.Budget budget) {
    VmstateDecoder.Result result = new VmstateDecoder(section.body(), budget).section(layout);
    return new DeviceVmstate(
        section.streamOffset(), section.header(), section.footer(), result.fields(), result.rest());
  }

  /// The section again: the same bytes if nothing was changed.
  public DeviceSection toSection() {
    int size = fields.size() + rest.map(VmstateValue::size).orElse(0);
    ByteBuffer body = ByteBuffer.allocate(size);
    VmstateEncoder.write(body, fields);
    rest.ifPresent(opaque -> VmstateEncoder.write(body, opaque));
    return new DeviceSection(streamOffset, header, body.array(), footer);
  }

  /// The value that a path leads to.
  ///
  /// @param path of this device; its device and instance id are not looked at
  public Optional<VmstateValue> find(VmstatePath path) {
    return PathWalk.find(fields, path.field());
  }

  /// The same device with one value replaced by another of the same type and size.
  ///
  /// @param path of this device
  /// @param value what to put there
  /// @throws IllegalArgumentException if there is no such field, or the value does not fit it
  public DeviceVmstate with(VmstatePath path, VmstateValue value) {
    Struct changed =
        PathWalk.replace(fields, path.field(), old -> fitting(path, old, value))
            .orElseThrow(() -> new IllegalArgumentException("no field " + path));
    return new DeviceVmstate(streamOffset, header, footer, changed, rest);
  }

  /// The same device with one number replaced.
  ///
  /// @param path of this device
  /// @param value as in [Scalar#value]
  /// @throws IllegalArgumentException if there is no such field, it is no number, or the value is
  ///     out of its range
  public DeviceVmstate with(VmstatePath path, long value) {
    if (find(path).orElse(null) instanceof Scalar scalar) {
      return with(path, scalar.with(value));
    }
    throw new IllegalArgumentException("no number " + path);
  }

  /// Gives each value that is no struct and no list, in stream order; an array of numbers is one
  /// value. Their paths lead to them by [#find].
  ///
  /// @param visitor takes path and value
  public void forEachField(BiConsumer<VmstatePath, VmstateValue> visitor) {
    visit("", fields, (field, value) -> visitor.accept(path(field), value));
  }

  /// The same for a part of a device.
  ///
  /// @param root leads to the part
  /// @param value the part
  /// @param visitor takes path and value
  public static void forEachField(
      VmstatePath root, VmstateValue value, BiConsumer<VmstatePath, VmstateValue> visitor) {
    visit(
        root.field(),
        value,
        (field, v) -> visitor.accept(new VmstatePath(root.device(), root.instanceId(), field), v));
  }

  private static void visit(
      String path, VmstateValue value, BiConsumer<String, VmstateValue> visitor) {
    switch (value) {
      case Struct s -> {
        String prefix = path.isEmpty() || path.endsWith(":") ? path : path + ".";
        Set<String> shadowed = PathWalk.shadowed(s);
        s.members().forEach(m -> visit(prefix + PathWalk.step(m, shadowed), m.value(), visitor));
        s.subsections().forEach(sub -> visit(prefix + sub.name() + ":", sub.fields(), visitor));
      }
      case Array a -> visitAll(path, a.elements(), visitor);
      case Queue q -> visitAll(path, q.elements(), visitor);
      case Gtree t -> {
        for (int i = 0; i < t.nodes().size(); i++) {
          visit(path + "[" + i + "].key", t.nodes().get(i).key(), visitor);
          visit(path + "[" + i + "].value", t.nodes().get(i).value(), visitor);
        }
      }
      default -> visitor.accept(path, value);
    }
  }

  private static void visitAll(
      String path, List<? extends VmstateValue> values, BiConsumer<String, VmstateValue> visitor) {
    for (int i = 0; i < values.size(); i++) {
      visit(path + "[" + i + "]", values.get(i), visitor);
    }
  }

  /// The path of a field of this device.
  ///
  /// @param field such as `env.regs[3]`
  public VmstatePath path(String field) {
    return new VmstatePath(header.idstr(), header.instanceId(), field);
  }

  private static VmstateValue fitting(VmstatePath path, VmstateValue old, VmstateValue value) {
    if (old.getClass() != value.getClass()
        || !old.type().equals(value.type())
        || old.size() != value.size()) {
      throw new IllegalArgumentException(
          "%s has %d bytes of %s, not %d of %s"
              .formatted(path, old.size(), old.type(), value.size(), value.type()));
    }
    return value;
  }
}
