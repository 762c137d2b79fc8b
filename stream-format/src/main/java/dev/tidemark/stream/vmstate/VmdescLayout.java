// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import dev.tidemark.stream.StreamException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// All of vmdesc: the layout of each device section, field by field.
///
/// [VmDescription] is the same without fields, and cheaper.
///
/// Format: `vmstate_save_state_v` in `migration/vmstate.c`, QEMU 10.0.2.
///
/// @param pageSize target page size in bytes; 0 if it is not said
/// @param configuration layout of the configuration section; absent before QEMU 8.2
/// @param devices the FULL sections in stream order
public record VmdescLayout(long pageSize, Optional<Vmsd> configuration, List<Device> devices) {
  /// Copies the list.
  public VmdescLayout {
    devices = List.copyOf(devices);
  }

  /// A device section.
  ///
  /// @param name the section's idstr
  /// @param instanceId the section's instance id; unsigned
  /// @param vmsd its layout; with an empty name for an old-style handler
  public record Device(String name, int instanceId, Vmsd vmsd) {}

  /// A vmstate description as it was written: fields, then subsections.
  ///
  /// @param name of the description
  /// @param version version that was written
  /// @param fields in stream order
  /// @param subsections those that were written, in stream order
  public record Vmsd(String name, int version, List<Field> fields, List<Vmsd> subsections) {
    /// Copies the lists.
    public Vmsd {
      fields = List.copyOf(fields);
      subsections = List.copyOf(subsections);
    }

    /// Bytes of fields and subsections; [Long#MAX_VALUE] if they are as many or more.
    public long bodySize() {
      long size = 0;
      for (Field field : fields) {
        size = plus(size, field.extent());
      }
      for (Vmsd subsection : subsections) {
        // Marker, counted name, version.
        size = plus(size, plus(1 + 1 + nameLength(subsection.name) + 4, subsection.bodySize()));
      }
      return size;
    }

    private static long nameLength(String name) {
      return name.getBytes(StandardCharsets.UTF_8).length;
    }

    private static long plus(long a, long b) {
      return a + b < 0 ? Long.MAX_VALUE : a + b;
    }
  }

  /// A field.
  ///
  /// @param name of the field; `name[k]` for the k-th of several with the same name
  /// @param type QEMU's name of the type
  /// @param size bytes of one element
  /// @param arrayLength how many elements this describes; -1 if there is no array
  /// @param index which element of an array this is; -1 if it does not say so
  /// @param groups what the field holds: the one of a `struct`, `vstruct` or `tmp`; one for each
  ///     element of a `qtailq` or `qlist`, and one or two of a `gtree`
  public record Field(
      String name, String type, int size, int arrayLength, int index, List<Vmsd> groups) {
    /// Copies the list.
    public Field {
      groups = List.copyOf(groups);
      if (size < 0) {
        throw new IllegalArgumentException("size " + size);
      }
    }

    /// How many elements there are: 1 if there is no array.
    public int count() {
      return arrayLength < 0 ? 1 : arrayLength;
    }

    /// Bytes of all elements.
    public long extent() {
      return (long) size * count();
    }
  }

  /// Parses vmdesc. Keys that are not known are passed over.
  ///
  /// @param json the text
  /// @param streamOffset where the text stands in the stream, for messages
  /// @throws StreamException if it is not JSON, not of vmdesc's form, or too large
  public static VmdescLayout parse(String json, long streamOffset) throws StreamException {
    return VmdescParser.parse(json, streamOffset);
  }

  /// The same, reduced to lengths.
  public VmDescription lengths() {
    Map<VmDescription.Key, VmDescription.Device> index = new HashMap<>();
    List<VmDescription.Device> all = devices.stream().map(VmdescLayout::length).toList();
    for (VmDescription.Device device : all) {
      index.putIfAbsent(new VmDescription.Key(device.name(), device.instanceId()), device);
    }
    return new VmDescription(pageSize, all, index);
  }

  private static VmDescription.Device length(Device device) {
    Vmsd vmsd = device.vmsd();
    return new VmDescription.Device(
        device.name(),
        device.instanceId(),
        vmsd.name().isEmpty() ? Optional.empty() : Optional.of(vmsd.name()),
        vmsd.version(),
        vmsd.bodySize());
  }
}
