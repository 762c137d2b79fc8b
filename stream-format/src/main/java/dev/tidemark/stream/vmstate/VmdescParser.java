// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.vmstate.VmdescLayout.Device;
import dev.tidemark.stream.vmstate.VmdescLayout.Field;
import dev.tidemark.stream.vmstate.VmdescLayout.Vmsd;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/*
 * One pass over the tokens. Nothing is made of keys that are not known. The keys of a vmstate description may stand
 * several times in one object, once for each element of a list: each `vmsd_name` begins the next one.
 */
/// Reads vmdesc into a [VmdescLayout].
final class VmdescParser {
  private final BoundedJson json;
  private final JsonParser in;

  private VmdescParser(BoundedJson json) {
    this.json = json;
    this.in = json.parser();
  }

  static VmdescLayout parse(String text, long streamOffset) throws StreamException {
    return BoundedJson.read(text, streamOffset, json -> new VmdescParser(json).top());
  }

  private VmdescLayout top() throws IOException {
    long pageSize = 0;
    Optional<Vmsd> configuration = Optional.empty();
    List<Device> devices = new ArrayList<>();
    json.startObject();
    for (String key = json.nextKey(); key != null; key = json.nextKey()) {
      switch (key) {
        case "page_size" -> pageSize = json.number();
        case "configuration" -> configuration = Optional.of(vmsd());
        case "devices" -> {
          json.expect(JsonToken.START_ARRAY);
          while (json.nextInArray()) {
            devices.add(device());
          }
        }
        default -> in.skipChildren();
      }
    }
    return new VmdescLayout(pageSize, configuration, devices);
  }

  private Device device() throws IOException {
    json.expect(JsonToken.START_OBJECT);
    json.count();
    String name = "";
    long instanceId = 0;
    Groups groups = new Groups();
    for (String key = json.nextKey(); key != null; key = json.nextKey()) {
      switch (key) {
        case "name" -> name = json.text();
        case "instance_id" -> instanceId = json.number();
        default -> groups.take(key);
      }
    }
    return new Device(name, (int) instanceId, groups.last());
  }

  private Vmsd vmsd() throws IOException {
    json.expect(JsonToken.START_OBJECT);
    json.count();
    Groups groups = new Groups();
    for (String key = json.nextKey(); key != null; key = json.nextKey()) {
      groups.take(key);
    }
    return groups.last();
  }

  private Field field() throws IOException {
    json.expect(JsonToken.START_OBJECT);
    json.count();
    String name = "";
    String type = "";
    int size = 0;
    int arrayLength = -1;
    int index = -1;
    Groups groups = new Groups();
    for (String key = json.nextKey(); key != null; key = json.nextKey()) {
      switch (key) {
        case "name" -> name = json.text();
        case "type" -> type = json.text();
        case "size" -> size = json.length();
        case "array_len" -> arrayLength = json.length();
        case "index" -> index = json.length();
        case "struct" -> groups.add(vmsd());
        default -> groups.take(key);
      }
    }
    return new Field(name, type, size, arrayLength, index, groups.all());
  }

  /// The descriptions that one object holds, one behind the other.
  private final class Groups {
    private final List<Vmsd> done = new ArrayList<>(1);
    private @Nullable String name;
    private int version;
    private List<Field> fields = List.of();
    private List<Vmsd> subsections = List.of();
    private boolean open;

    void add(Vmsd vmsd) {
      done.add(vmsd);
    }

    void take(String key) throws IOException {
      switch (key) {
        case "vmsd_name" -> {
          end();
          open = true;
          name = json.text();
        }
        case "version" -> {
          open = true;
          version = (int) json.number();
        }
        case "fields" -> {
          open = true;
          fields = fields();
        }
        case "subsections" -> {
          open = true;
          subsections = subsections();
        }
        default -> in.skipChildren();
      }
    }

    List<Vmsd> all() {
      end();
      return done;
    }

    Vmsd last() {
      end();
      return done.isEmpty() ? new Vmsd("", 0, List.of(), List.of()) : done.getLast();
    }

    private void end() {
      if (open) {
        done.add(new Vmsd(name == null ? "" : name, version, fields, subsections));
      }
      open = false;
      name = null;
      version = 0;
      fields = List.of();
      subsections = List.of();
    }
  }

  private List<Field> fields() throws IOException {
    List<Field> fields = new ArrayList<>();
    json.expect(JsonToken.START_ARRAY);
    while (json.nextInArray()) {
      fields.add(field());
    }
    return fields;
  }

  private List<Vmsd> subsections() throws IOException {
    List<Vmsd> subsections = new ArrayList<>();
    json.expect(JsonToken.START_ARRAY);
    while (json.nextInArray()) {
      subsections.add(vmsd());
    }
    return subsections;
  }
}
