// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.tidemark.stream.vmstate.DeviceVmstate;
import dev.tidemark.stream.vmstate.MachineVmstate;
import dev.tidemark.stream.vmstate.VmstateValue;
import java.io.IOException;
import java.util.List;

/// The devices with their fields as a tree: `n` name, `t` type, `v` value, `c` children. Of a
/// state with very many fields the first are written; each text is cut.
final class HtmlDevices {
  private static final int MOST_FIELDS = 50_000;
  private static final int DEEPEST = 24;
  private static final int WIDTH = 160;

  /// Longer values are not spelled out, not even to be cut.
  private static final int LONGEST = 1 << 12;

  private final JsonGenerator json;
  private int fields;

  HtmlDevices(JsonGenerator json) {
    this.json = json;
  }

  void write(MachineVmstate machine) throws IOException {
    json.writeArrayFieldStart("devices");
    for (DeviceVmstate device : machine.devices()) {
      if (full()) {
        break;
      }
      fields++;
      json.writeStartObject();
      json.writeStringField("n", cut(DeviceNames.of(device)));
      json.writeStringField(
          "t", "version " + Integer.toUnsignedString(device.header().versionId()));
      int rest = device.rest().map(VmstateValue::size).orElse(0);
      json.writeStringField("v", device.fields().size() + rest + " bytes");
      json.writeArrayFieldStart("c");
      struct(device.fields(), 0);
      if (device.rest().isPresent()) {
        leaf("(rest)", device.rest().get());
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndArray();
    if (full()) {
      json.writeStringField("cut", "only the first " + MOST_FIELDS + " fields are shown");
    } else if (machine.rest().isPresent()) {
      json.writeStringField(
          "cut",
          machine.rest().get().size() + " bytes are not shown: " + machine.rest().get().reason());
    }
  }

  private boolean full() {
    return fields >= MOST_FIELDS;
  }

  private void struct(VmstateValue.Struct struct, int depth) throws IOException {
    for (VmstateValue.Member member : struct.members()) {
      value(member.name(), member.value(), depth);
    }
    for (VmstateValue.Subsection subsection : struct.subsections()) {
      value(subsection.name(), subsection.fields(), depth);
    }
  }

  private void value(String name, VmstateValue value, int depth) throws IOException {
    if (full()) {
      return;
    }
    if (depth == DEEPEST) {
      leaf(name, value);
      return;
    }
    switch (value) {
      case VmstateValue.Struct s -> {
        open(name, s);
        struct(s, depth + 1);
        close();
      }
      case VmstateValue.Array a -> list(name, a, a.elements(), depth);
      case VmstateValue.Queue q -> list(name, q, q.elements(), depth);
      case VmstateValue.Gtree t -> {
        open(name, t);
        for (VmstateValue.Node node : t.nodes()) {
          value("key", node.key(), depth + 1);
          value("value", node.value(), depth + 1);
        }
        close();
      }
      default -> leaf(name, value);
    }
  }

  private void list(String name, VmstateValue of, List<? extends VmstateValue> elements, int depth)
      throws IOException {
    open(name, of);
    for (int i = 0; i < elements.size() && !full(); i++) {
      value("[" + i + "]", elements.get(i), depth + 1);
    }
    close();
  }

  private void open(String name, VmstateValue value) throws IOException {
    head(name, value, FieldText.of(value));
    json.writeArrayFieldStart("c");
  }

  private void close() throws IOException {
    json.writeEndArray();
    json.writeEndObject();
  }

  private void leaf(String name, VmstateValue value) throws IOException {
    head(name, value, value.size() > LONGEST ? value.size() + " bytes" : FieldText.of(value));
    json.writeEndObject();
  }

  private void head(String name, VmstateValue value, String text) throws IOException {
    fields++;
    json.writeStartObject();
    json.writeStringField("n", cut(name));
    json.writeStringField("t", cut(value.type()));
    json.writeStringField("v", cut(text));
  }

  private static String cut(String text) {
    return text.length() <= WIDTH ? text : text.substring(0, WIDTH) + FieldText.CUT;
  }
}
