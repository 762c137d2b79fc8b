// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What device sections can look like: from vmdesc, or from what `-dump-vmstate` writes.
///
/// Format: `dump_vmstate_json_to_file` in `migration/savevm.c`, QEMU 10.0.2.
///
/// @param dump whether it lists all that could be sent, not what one stream held
/// @param machineType name of the machine type; absent in vmdesc
/// @param sections in the order of the text
record VmstateSchema(boolean dump, Optional<String> machineType, List<Section> sections) {
  /// A section, or the type of device that would make one.
  ///
  /// @param name idstr and instance id, or QEMU's name of the type
  /// @param description its layout; absent for an old-style handler
  record Section(String name, Optional<Description> description) {}

  /// A vmstate description.
  ///
  /// @param minimumVersion oldest version that it loads; -1 if it is not said
  record Description(
      String name,
      long version,
      long minimumVersion,
      List<Field> fields,
      List<Description> subsections) {}

  /// A field.
  ///
  /// @param version since which version of the description it is there
  /// @param conditional whether a predicate decides if it is there
  /// @param size bytes of an element; in a dump those of the device's memory. -1 if unknown
  /// @param count elements; -1 if it is not said, as in dumps of QEMU before 8.0
  record Field(
      String name,
      long version,
      boolean conditional,
      long size,
      long count,
      Optional<Description> inner) {
    /// Bytes of all elements; -1 if unknown.
    long total() {
      return size < 0 ? -1 : size * Math.max(1, count);
    }

    boolean unused() {
      return name.startsWith("unused");
    }
  }

  private static final Set<String> FIXED = Set.of("buffer", "unused_buffer", "bitmap");

  /// Reads either form.
  static VmstateSchema parse(String json, long streamOffset) throws StreamException {
    return looksLikeVmdesc(json)
        ? of(VmdescLayout.parse(json, streamOffset))
        : BoundedJson.read(json, streamOffset, j -> new DumpReader(j).top());
  }

  private static boolean looksLikeVmdesc(String json) {
    String head = json.substring(0, Math.min(200, json.length()));
    return head.matches("(?s)\\s*\\{\\s*\"(configuration|page_size|devices)\".*");
  }

  private static VmstateSchema of(VmdescLayout layout) {
    List<Section> sections = new ArrayList<>();
    for (VmdescLayout.Device device : layout.devices()) {
      sections.add(
          new Section(
              device.name() + "/" + Integer.toUnsignedString(device.instanceId()),
              device.vmsd().name().isEmpty()
                  ? Optional.empty()
                  : Optional.of(description(device.vmsd()))));
    }
    return new VmstateSchema(false, Optional.empty(), sections);
  }

  private static Description description(VmdescLayout.Vmsd vmsd) {
    List<Field> fields = new ArrayList<>();
    for (VmdescLayout.Field field : vmsd.fields()) {
      boolean fixed = ScalarType.of(field.type()).isPresent() || FIXED.contains(field.type());
      Optional<Description> inner =
          field.groups().isEmpty()
              ? Optional.empty()
              : Optional.of(description(field.groups().getFirst()));
      Field last = fields.isEmpty() ? null : fields.getLast();
      if (last != null && last.name().equals(field.name())) {
        // Further elements of the same array.
        long count = last.count() + field.count();
        fields.set(
            fields.size() - 1,
            new Field(last.name(), 0, false, last.size(), count, last.inner().or(() -> inner)));
      } else {
        fields.add(
            new Field(field.name(), 0, false, fixed ? field.size() : -1, field.count(), inner));
      }
    }
    return new Description(
        vmsd.name(),
        vmsd.version(),
        -1,
        fields,
        vmsd.subsections().stream().map(VmstateSchema::description).toList());
  }

  /// Reads a dump.
  private static final class DumpReader {
    private final BoundedJson json;
    private final JsonParser in;

    DumpReader(BoundedJson json) {
      this.json = json;
      this.in = json.parser();
    }

    VmstateSchema top() throws IOException {
      List<Section> sections = new ArrayList<>();
      Optional<String> machine = Optional.empty();
      json.startObject();
      for (String key = json.nextKey(); key != null; key = json.nextKey()) {
        if (key.equals("vmschkmachine")) {
          machine = Optional.of(name());
        } else {
          sections.add(section(key));
        }
      }
      if (machine.isEmpty()) {
        throw json.form("neither vmdesc nor a dump of vmstate descriptions");
      }
      return new VmstateSchema(true, machine, sections);
    }

    private String name() throws IOException {
      String name = "";
      json.expect(JsonToken.START_OBJECT);
      for (String key = json.nextKey(); key != null; key = json.nextKey()) {
        if (key.equals("Name")) {
          name = json.text();
        } else {
          in.skipChildren();
        }
      }
      return name;
    }

    private Section section(String name) throws IOException {
      Optional<Description> description = Optional.empty();
      json.expect(JsonToken.START_OBJECT);
      json.count();
      for (String key = json.nextKey(); key != null; key = json.nextKey()) {
        if (key.equals("Description")) {
          description = Optional.of(description());
        } else {
          in.skipChildren();
        }
      }
      return new Section(name, description);
    }

    private Description description() throws IOException {
      String name = "";
      long version = 0;
      long minimum = -1;
      List<Field> fields = new ArrayList<>();
      List<Description> subsections = new ArrayList<>();
      json.expect(JsonToken.START_OBJECT);
      json.count();
      for (String key = json.nextKey(); key != null; key = json.nextKey()) {
        switch (key) {
          case "name" -> name = json.text();
          case "version_id" -> version = json.number();
          case "minimum_version_id" -> minimum = json.number();
          case "Fields" -> {
            json.expect(JsonToken.START_ARRAY);
            while (json.nextInArray()) {
              fields.add(field());
            }
          }
          case "Subsections" -> {
            json.expect(JsonToken.START_ARRAY);
            while (json.nextInArray()) {
              subsections.add(description());
            }
          }
          default -> in.skipChildren();
        }
      }
      return new Description(name, version, minimum, fields, subsections);
    }

    private Field field() throws IOException {
      String name = "";
      long version = 0;
      boolean conditional = false;
      long size = 0;
      long count = -1;
      @Nullable Description inner = null;
      json.expect(JsonToken.START_OBJECT);
      json.count();
      for (String key = json.nextKey(); key != null; key = json.nextKey()) {
        switch (key) {
          case "field" -> name = json.text();
          case "version_id" -> version = json.number();
          case "field_exists" -> conditional = in.currentToken() == JsonToken.VALUE_TRUE;
          case "size" -> size = json.length();
          case "num" -> count = json.length();
          case "Description" -> inner = description();
          default -> in.skipChildren();
        }
      }
      return new Field(name, version, conditional, size, count, Optional.ofNullable(inner));
    }
  }
}
