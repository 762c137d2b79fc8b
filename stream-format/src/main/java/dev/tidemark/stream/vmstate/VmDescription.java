// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What vmdesc says: the target page size, and each device section with its length.
///
/// Format: `vmstate_save_state_v` in `migration/vmstate.c`, QEMU 10.0.2.
///
/// @param pageSize target page size in bytes; 0 if it is not said
/// @param devices the FULL sections in stream order
/// @param index the devices by name and instance id
public record VmDescription(long pageSize, List<Device> devices, Map<Key, Device> index) {
  private static final JsonFactory JSON =
      new JsonFactoryBuilder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxNestingDepth(256).maxNumberLength(32).build())
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .build();

  /// Copies the collections.
  public VmDescription {
    devices = List.copyOf(devices);
    index = Map.copyOf(index);
  }

  /// What tells two devices apart.
  ///
  /// @param name the section's idstr
  /// @param instanceId the section's instance id
  public record Key(String name, int instanceId) {}

  /// A device section's layout, as far as its length.
  ///
  /// @param name the section's idstr
  /// @param instanceId the section's instance id; unsigned
  /// @param vmsdName name of the vmstate description; absent for an old-style handler
  /// @param version version of the layout
  /// @param bodySize bytes between the section's header and its footer
  public record Device(
      String name, int instanceId, Optional<String> vmsdName, int version, long bodySize) {}

  /// The layout of a device section.
  ///
  /// @param name the section's idstr
  /// @param instanceId the section's instance id
  public Optional<Device> device(String name, int instanceId) {
    return Optional.ofNullable(index.get(new Key(name, instanceId)));
  }

  /// Parses vmdesc. Repeated keys are taken; the last one counts.
  ///
  /// @param json the text
  /// @param streamOffset where the text stands in the stream, for messages
  /// @throws StreamException if it is not JSON, or not of vmdesc's form
  public static VmDescription parse(String json, long streamOffset) throws StreamException {
    try (JsonParser parser = JSON.createParser(json)) {
      return new Parser(parser).top();
    } catch (JacksonException e) {
      long at = e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getCharOffset());
      throw malformed("text that is not JSON", json, at, streamOffset);
    } catch (FormException e) {
      throw malformed(String.valueOf(e.getMessage()), json, e.at, streamOffset);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static StreamException malformed(String what, String json, long at, long streamOffset) {
    int end = (int) Math.min(at, json.length());
    int bytes = json.substring(0, end).getBytes(StandardCharsets.UTF_8).length;
    return new StreamException.Malformed(what, streamOffset + bytes, "vmdesc");
  }

  private static final class FormException extends IOException {
    private static final long serialVersionUID = 1L;
    private final long at;

    FormException(String what, long at) {
      super(what);
      this.at = at;
    }
  }

  /*
   * One pass that adds up sizes; no tree. A field's length is its `size`, times `array_len` where that is given;
   * what a struct or a list holds is inside its `size`. Subsections stand behind the fields, each with a marker
   * byte, its name and its version. Keys that are not known, or have come with a form that is not known, are passed
   * over: QEMU may add some.
   */
  private static final class Parser {
    private final JsonParser in;

    Parser(JsonParser in) {
      this.in = in;
    }

    VmDescription top() throws IOException {
      if (in.nextToken() != JsonToken.START_OBJECT) {
        throw form("vmdesc that is no JSON object");
      }
      long pageSize = 0;
      List<Device> devices = new ArrayList<>();
      Map<Key, Device> index = new HashMap<>();
      for (String key = in.nextFieldName(); key != null; key = in.nextFieldName()) {
        in.nextToken();
        switch (key) {
          case "page_size" -> pageSize = number();
          case "devices" -> {
            array();
            while (in.nextToken() == JsonToken.START_OBJECT) {
              Device device = device();
              devices.add(device);
              index.putIfAbsent(new Key(device.name(), device.instanceId()), device);
            }
          }
          default -> in.skipChildren();
        }
      }
      if (in.nextToken() != null) {
        throw form("text behind vmdesc");
      }
      return new VmDescription(pageSize, devices, index);
    }

    private Device device() throws IOException {
      String name = "";
      long instanceId = 0;
      Layout layout = new Layout();
      for (String key = in.nextFieldName(); key != null; key = in.nextFieldName()) {
        in.nextToken();
        switch (key) {
          case "name" -> name = in.getText();
          case "instance_id" -> instanceId = number();
          default -> layout.take(key);
        }
      }
      Optional<String> vmsd = layout.name.isEmpty() ? Optional.empty() : Optional.of(layout.name);
      return new Device(name, (int) instanceId, vmsd, (int) layout.version, layout.size());
    }

    private long field() throws IOException {
      long size = 0;
      long count = 1;
      for (String key = in.nextFieldName(); key != null; key = in.nextFieldName()) {
        in.nextToken();
        switch (key) {
          case "size" -> size = length();
          case "array_len" -> count = length();
          default -> in.skipChildren();
        }
      }
      return times(size, count);
    }

    /// `vmsd_name`, `version`, `fields` and `subsections` of a device or a subsection.
    private final class Layout {
      private String name = "";
      private long version;
      private long fields;
      private long subsections;

      void take(String key) throws IOException {
        switch (key) {
          case "vmsd_name" -> name = in.getText();
          case "version" -> version = number();
          case "fields" -> {
            array();
            fields = 0;
            while (in.nextToken() == JsonToken.START_OBJECT) {
              fields = plus(fields, field());
            }
          }
          case "subsections" -> {
            array();
            subsections = 0;
            while (in.nextToken() == JsonToken.START_OBJECT) {
              subsections = plus(subsections, subsection());
            }
          }
          default -> in.skipChildren();
        }
      }

      long size() throws IOException {
        return plus(fields, subsections);
      }
    }

    private long subsection() throws IOException {
      Layout layout = new Layout();
      for (String key = in.nextFieldName(); key != null; key = in.nextFieldName()) {
        in.nextToken();
        layout.take(key);
      }
      // Marker, counted name, version.
      int header = 1 + 1 + layout.name.getBytes(StandardCharsets.UTF_8).length + 4;
      return plus(header, layout.size());
    }

    private void array() throws IOException {
      if (in.currentToken() != JsonToken.START_ARRAY) {
        throw form("no array");
      }
    }

    private long number() throws IOException {
      if (in.currentToken() != JsonToken.VALUE_NUMBER_INT) {
        throw form("no whole number");
      }
      return in.getLongValue();
    }

    private long length() throws IOException {
      long value = number();
      if (value < 0) {
        throw form("negative length");
      }
      return value;
    }

    private long plus(long a, long b) throws IOException {
      if (a + b < 0) {
        throw form("length too large");
      }
      return a + b;
    }

    private long times(long a, long b) throws IOException {
      if (Math.multiplyHigh(a, b) != 0 || a * b < 0) {
        throw form("length too large");
      }
      return a * b;
    }

    private FormException form(String what) {
      return new FormException(what, Math.max(0, in.currentTokenLocation().getCharOffset()));
    }
  }
}
