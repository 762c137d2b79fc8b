// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.analysis.RamSurvey;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.tools.report.Quantity;
import dev.tidemark.tools.report.TextTable;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/// `inspect` for people.
final class InspectText {
  private static final String INDENT = "  ";
  private static final RamBlock ALL = new RamBlock(0, "all", 0);

  private InspectText() {}

  static void print(PrintWriter out, CheckpointView view) {
    out.println(
        TextTable.printable(view.file())
            + ": "
            + Words.format(view.format())
            + ", "
            + Quantity.size(view.fileBytes()));
    out.println();
    TextTable properties = TextTable.ofProperties();
    InspectProperties.of(view).forEach(p -> properties.row(p.name(), p.value()));
    properties.print(out, INDENT);
    out.println();
    out.println("RAM blocks");
    blocks(view).print(out, INDENT);
    out.println();
    out.println("Device sections");
    if (view.sections().isPresent()) {
      sections(view).print(out, INDENT);
    } else {
      out.println(
          INDENT
              + Quantity.size(view.deviceStateBytes())
              + " that cannot be told apart: "
              + (view.deviceState().vmdesc().isPresent()
                  ? "the stream's vmdesc does not fit"
                  : "the stream has no vmdesc"));
    }
    if (!view.live().isEmpty()) {
      out.println();
      out.println("Sections of live devices");
      live(view).print(out, INDENT);
    }
    out.flush();
  }

  private static TextTable blocks(CheckpointView view) {
    RamSurvey ram = view.ram();
    boolean resent = ram.resent().isPresent();
    TextTable table =
        resent
            ? TextTable.of("block", ">size", ">pages", ">data", ">zero", ">missing", ">re-sent")
            : TextTable.of("block", ">size", ">pages", ">data", ">zero", ">missing");
    for (RamSurvey.Block pages : ram.blocks()) {
      row(table, pages.block().idstr(), pages.block().usedLength(), pages, resent);
    }
    if (ram.blocks().size() > 1) {
      var all = new RamSurvey.Block(ALL, ram.data(), ram.zero(), ram.missing(), ram.resent());
      row(table, ALL.idstr(), ram.bytes(), all, resent);
    }
    return table;
  }

  private static void row(
      TextTable table, String name, long bytes, RamSurvey.Block pages, boolean resent) {
    List<Object> cells =
        new ArrayList<>(
            List.of(
                name,
                Quantity.size(bytes),
                pages.pages(),
                pages.data(),
                pages.zero(),
                pages.missing()));
    if (resent) {
      cells.add(pages.resent().isPresent() ? pages.resent().getAsLong() : "-");
    }
    table.row(cells.toArray());
  }

  private static TextTable sections(CheckpointView view) {
    TextTable table = TextTable.of("section", ">instance", ">version", ">bytes");
    for (DeviceSection section : view.sections().orElseThrow()) {
      table.row(
          section.header().idstr(),
          Integer.toUnsignedString(section.header().instanceId()),
          Integer.toUnsignedString(section.header().versionId()),
          section.body().length);
    }
    return table;
  }

  private static TextTable live(CheckpointView view) {
    TextTable table = TextTable.of("section", ">instance", ">version", ">sections", ">bytes");
    for (CheckpointView.Live live : view.live()) {
      table.row(
          live.header().idstr(),
          Integer.toUnsignedString(live.header().instanceId()),
          Integer.toUnsignedString(live.header().versionId()),
          live.sections(),
          live.bytes());
    }
    return table;
  }
}
