// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.stream.vmstate.DeviceDiff;
import dev.tidemark.stream.vmstate.DeviceVmstate;
import dev.tidemark.stream.vmstate.MachineVmstate;
import dev.tidemark.stream.vmstate.VmdescCompatibility;
import dev.tidemark.stream.vmstate.VmstatePath;
import dev.tidemark.stream.vmstate.VmstateValue;
import dev.tidemark.tools.report.JsonReport;
import dev.tidemark.tools.report.Quantity;
import dev.tidemark.tools.report.TextTable;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Device state as text and as JSON.
final class DeviceRendering {
  private static final String INDENT = "  ";

  private DeviceRendering() {}

  /// A field, as far as it is shown.
  private record Shown(VmstatePath path, VmstateValue value) {}

  static void list(PrintWriter out, MachineVmstate machine) {
    TextTable table = TextTable.of("device", ">version", ">bytes", ">fields", ">bytes not decoded");
    for (DeviceVmstate device : machine.devices()) {
      List<Shown> fields = fields(device);
      int opaque = fields.stream().mapToInt(field -> opaqueBytes(field.value())).sum();
      int rest = device.rest().map(VmstateValue::size).orElse(0);
      table.row(
          name(device),
          Integer.toUnsignedString(device.header().versionId()),
          device.fields().size() + rest,
          fields.size(),
          opaque + rest);
    }
    table.print(out, INDENT);
    machine
        .rest()
        .ifPresent(rest -> out.println(INDENT + Quantity.size(rest.size()) + ": " + rest.reason()));
    out.flush();
  }

  static void fields(PrintWriter out, DeviceVmstate device) {
    TextTable table = TextTable.of("field", "type", "value");
    for (Shown field : fields(device)) {
      table.row(field.path().field(), field.value().type(), FieldText.of(field.value()));
    }
    table.print(out, INDENT);
    device
        .rest()
        .ifPresent(rest -> out.println(INDENT + Quantity.size(rest.size()) + ": " + rest.reason()));
    out.flush();
  }

  static void json(PrintWriter out, List<DeviceVmstate> devices) throws IOException {
    JsonReport.print(out, json -> json.array("devices", devices, DeviceRendering::device));
  }

  private static void device(JsonReport json, DeviceVmstate device) throws IOException {
    json.put("name", device.header().idstr())
        .put("instance_id", Integer.toUnsignedLong(device.header().instanceId()))
        .put("version_id", Integer.toUnsignedLong(device.header().versionId()))
        .put("vmsd_name", device.fields().vmsdName())
        .array("fields", fields(device), DeviceRendering::field);
    if (device.rest().isPresent()) {
      json.put("rest", FieldText.full(device.rest().get()))
          .put("rest_reason", device.rest().get().reason());
    }
  }

  private static void field(JsonReport json, Shown field) throws IOException {
    json.put("path", field.path().toString())
        .put("type", field.value().type())
        .put("bytes", field.value().size())
        .put("value", FieldText.full(field.value()));
  }

  static void diff(PrintWriter out, DeviceDiff diff) {
    TextTable table = TextTable.ofColumns(4);
    for (DeviceDiff.Change change : diff.changes()) {
      table.row(change.path(), side(change.before()), "\u2192", side(change.after()));
    }
    table.print(out, "");
    out.println(Quantity.count(diff.changes().size(), "difference"));
    out.flush();
  }

  static void diffJson(PrintWriter out, DeviceDiff diff) throws IOException {
    JsonReport.print(
        out,
        json ->
            json.array(
                "differences",
                diff.changes(),
                (j, change) -> {
                  j.put("path", change.path().toString());
                  if (change.before().isPresent()) {
                    j.put("before", FieldText.full(change.before().get()));
                  }
                  if (change.after().isPresent()) {
                    j.put("after", FieldText.full(change.after().get()));
                  }
                }));
  }

  static void compatibility(PrintWriter out, String heading, VmdescCompatibility result) {
    out.println(heading + ": " + (result.loads() ? "nothing is in the way" : "no"));
    TextTable table = TextTable.ofColumns(4);
    for (VmdescCompatibility.Finding finding : result.findings()) {
      table.row(word(finding), finding.section(), finding.description(), finding.what());
    }
    table.print(out, INDENT);
    out.flush();
  }

  static void compatibilityJson(JsonReport json, String name, VmdescCompatibility result)
      throws IOException {
    json.object(
        name,
        j ->
            j.put("loads", result.loads())
                .array(
                    "findings",
                    result.findings(),
                    (f, finding) ->
                        f.put("severity", finding.severity().name().toLowerCase(Locale.ROOT))
                            .put("kind", finding.kind().name().toLowerCase(Locale.ROOT))
                            .put("section", finding.section())
                            .put("description", finding.description())
                            .put("what", finding.what())));
  }

  private static String word(VmdescCompatibility.Finding finding) {
    return switch (finding.severity()) {
      case BLOCKS -> "blocks";
      case MAY_BLOCK -> "may block";
    };
  }

  private static String name(DeviceVmstate device) {
    return device.header().idstr() + "/" + Integer.toUnsignedString(device.header().instanceId());
  }

  private static String side(Optional<VmstateValue> value) {
    return value.map(FieldText::of).orElse("absent");
  }

  private static int opaqueBytes(VmstateValue value) {
    return value instanceof VmstateValue.Opaque opaque ? opaque.size() : 0;
  }

  private static List<Shown> fields(DeviceVmstate device) {
    List<Shown> fields = new ArrayList<>();
    device.forEachField((path, value) -> fields.add(new Shown(path, value)));
    return fields;
  }
}
