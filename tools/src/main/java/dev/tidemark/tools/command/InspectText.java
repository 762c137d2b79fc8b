// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.tools.report.Quantity;
import dev.tidemark.tools.report.TextTable;
import java.io.PrintWriter;
import java.util.List;

/// `inspect` for people.
final class InspectText {
  private static final String INDENT = "  ";

  private InspectText() {}

  static void print(PrintWriter out, CheckpointView view, boolean ram) {
    out.println(
        TextTable.printable(view.file())
            + ": "
            + Words.format(view.format())
            + ", "
            + Quantity.size(view.fileBytes()));
    out.println();
    properties(view).print(out, INDENT);
    out.println();
    out.println("RAM blocks");
    blocks(view).print(out, INDENT);
    if (ram) {
      out.println();
      out.println("Pages");
      runs(view).print(out, INDENT);
    }
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

  private static TextTable properties(CheckpointView view) {
    TextTable table = TextTable.ofProperties();
    String machine = view.configuration().machineType();
    String target = view.manifest().map(m -> " (" + m.target() + ")").orElse("");
    table.row("machine", (machine.isEmpty() ? "not said" : machine) + target);
    table.row("target page", Quantity.size(view.targetPageSize()));
    table.row("capabilities", list(view.configuration().capabilities()));
    view.configuration().uuid().ifPresent(uuid -> table.row("uuid", uuid));
    long ram = view.ramBytes();
    long data = view.pages(PageKind.DATA) * view.targetPageSize();
    table.row("RAM", Quantity.size(ram) + " in " + Quantity.count(view.blocks().size(), "block"));
    table.row(
        "stored",
        Quantity.size(data)
            + " of data in "
            + Quantity.size(view.fileBytes())
            + " of file: "
            + Quantity.percent(view.fileBytes(), ram)
            + " of the RAM");
    view.manifest().ifPresent(manifest -> manifest(table, manifest));
    return table;
  }

  private static void manifest(TextTable table, Manifest manifest) {
    String packaging = manifest.qemuPackage().isEmpty() ? "" : " (" + manifest.qemuPackage() + ")";
    table.row("QEMU", manifest.qemuVersion() + packaging);
    table.row(
        "saved",
        Words.date(manifest.created())
            + " by Tidemark "
            + manifest.tidemarkVersion()
            + ", "
            + manifest.method());
    table.row("run state", manifest.runState());
    Manifest.Timing timing = manifest.timing();
    table.row("pause", timing.pause().map(Quantity::duration).orElse("none: it was not running"));
    table.row("stream time", Quantity.duration(timing.streamTime()));
    table.row("pages sent", timing.pagesReceived() + ", of these again: " + timing.pagesResent());
    table.row("disks", Words.disks(manifest.disks()));
    for (Manifest.Disk disk : manifest.disks()) {
      table.row("  " + disk.device(), disk.format() + " " + disk.file());
    }
    if (manifest.commandLine().isPresent()) {
      Manifest.CommandLine line = manifest.commandLine().get();
      table.row("command", line.executable() + " " + Words.shell(line.arguments()));
      table.row("folder", line.workingDirectory());
      if (!line.removed().isEmpty()) {
        table.row("removed", list(line.removed()));
      }
    } else {
      table.row("command", "not known: 'restore' needs -- QEMU-ARGS");
    }
  }

  private static TextTable blocks(CheckpointView view) {
    TextTable table = TextTable.of("block", ">size", ">pages", ">data", ">zero", ">missing");
    for (CheckpointView.Pages pages : view.blocks()) {
      table.row(
          pages.block().idstr(),
          Quantity.size(pages.block().usedLength()),
          pages.total(),
          pages.count(PageKind.DATA),
          pages.count(PageKind.ZERO),
          pages.count(PageKind.MISSING));
    }
    if (view.blocks().size() > 1) {
      table.row(
          "all",
          Quantity.size(view.ramBytes()),
          view.pages(),
          view.pages(PageKind.DATA),
          view.pages(PageKind.ZERO),
          view.pages(PageKind.MISSING));
    }
    return table;
  }

  private static TextTable runs(CheckpointView view) {
    TextTable table = TextTable.of("block", ">from", ">to", ">pages", "kind");
    for (CheckpointView.Pages pages : view.blocks()) {
      for (CheckpointView.Run run : pages.runs()) {
        table.row(
            pages.block().idstr(),
            "0x" + Long.toHexString(run.start()),
            "0x" + Long.toHexString(run.start() + run.length()),
            run.length() / view.targetPageSize(),
            Words.kind(run.kind()));
      }
    }
    return table;
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

  private static String list(List<String> names) {
    return names.isEmpty() ? "none" : String.join(", ", names);
  }
}
