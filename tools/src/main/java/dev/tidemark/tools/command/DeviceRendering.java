// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.stream.vmstate.DeviceDiff;
import dev.tidemark.stream.vmstate.DeviceVmstate;
import dev.tidemark.stream.vmstate.MachineVmstate;
import dev.tidemark.stream.vmstate.VmdescCompatibility;
import dev.tidemark.stream.vmstate.VmstatePath;
import dev.tidemark.stream.vmstate.VmstateValue;
import dev.tidemark.stream.vmstate.WireBytes;
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
  private static final String ARROW = "\u2192";

  /// Places shown of bytes that differ.
  private static final int RUNS = 8;

  private DeviceRendering() {}

  /// A field, as far as it is shown.
  private record Shown(VmstatePath path, VmstateValue value) {}

  static void list(PrintWriter out, MachineVmstate machine) {
    TextTable table = TextTable.of("device", ">version", ">bytes", ">fields", ">bytes not decoded");
    for (DeviceVmstate device : machine.devices()) {
      int[] fields = new int[1];
      int[] opaque = new int[1];
      device.forEachField(
          (_, value) -> {
            fields[0]++;
            opaque[0] += opaqueBytes(value);
          });
      int rest = device.rest().map(VmstateValue::size).orElse(0);
      table.row(
          DeviceNames.of(device),
          Integer.toUnsignedString(device.header().versionId()),
          device.fields().size() + rest,
          fields[0],
          opaque[0] + rest);
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

  /// A field that a path leads to, or all fields beneath it; nothing is cut.
  static void field(PrintWriter out, DeviceVmstate device, VmstatePath path, boolean json)
      throws IOException {
    VmstateValue value = device.find(path).orElseThrow();
    List<Shown> beneath = new ArrayList<>();
    DeviceVmstate.forEachField(path, value, (p, v) -> beneath.add(new Shown(p, v)));
    if (json) {
      JsonReport.print(out, j -> j.array("fields", beneath, DeviceRendering::field));
      return;
    }
    TextTable table = TextTable.of("field", "type", "value");
    beneath.forEach(f -> table.row(f.path(), f.value().type(), FieldText.full(f.value())));
    table.print(out, INDENT);
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
    if (field.value() instanceof VmstateValue.Opaque opaque) {
      json.put("not_decoded", opaque.reason());
    }
  }

  static void diff(PrintWriter out, DeviceDiff diff) {
    TextTable table = TextTable.ofColumns(4);
    for (DeviceDiff.Change change : diff.changes()) {
      String before = side(change.before());
      String after = side(change.after());
      if (before.equals(after) || before.contains(FieldText.CUT)) {
        List<FieldText.Difference> runs = runs(change);
        runs.stream()
            .limit(RUNS)
            .forEach(
                run ->
                    table.row(
                        change.path() + "+0x" + Integer.toHexString(run.offset()),
                        run.before(),
                        ARROW,
                        run.after()));
        if (runs.size() > RUNS) {
          table.row(change.path(), "and at " + (runs.size() - RUNS) + " more places", "", "");
        }
        if (!runs.isEmpty()) {
          continue;
        }
      }
      boolean sameForm = form(change.before()).equals(form(change.after()));
      boolean bothThere = change.before().isPresent() && change.after().isPresent();
      table.row(
          change.path(),
          before + (bothThere && !sameForm ? form(change.before()) : ""),
          ARROW,
          after + (bothThere && !sameForm ? form(change.after()) : ""));
    }
    table.print(out, "");
    out.println(Quantity.count(diff.changes().size(), "difference"));
    out.flush();
  }

  /// Where long bytes of one size differ; empty for other values.
  private static List<FieldText.Difference> runs(DeviceDiff.Change change) {
    Optional<WireBytes> before = change.before().flatMap(FieldText::bytes);
    Optional<WireBytes> after = change.after().flatMap(FieldText::bytes);
    return before.isPresent() && after.isPresent() && before.get().length() == after.get().length()
        ? FieldText.differences(before.get(), after.get())
        : List.of();
  }

  static void diffJson(PrintWriter out, DeviceDiff diff) throws IOException {
    JsonReport.print(out, json -> changes(json, diff));
  }

  static void changes(JsonReport json, DeviceDiff diff) throws IOException {
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
        });
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

  private static String form(Optional<VmstateValue> value) {
    return value.map(v -> " (%s of %d bytes)".formatted(v.type(), v.size())).orElse("");
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
