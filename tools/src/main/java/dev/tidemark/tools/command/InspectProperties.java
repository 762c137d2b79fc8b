// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.analysis.ContentSample;
import dev.tidemark.tools.report.Quantity;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What is said of a checkpoint as a whole, in lines of a name and a value.
final class InspectProperties {
  private final List<Property> rows = new ArrayList<>();

  private InspectProperties() {}

  /// A line; the name of one that belongs to the one before it starts with spaces.
  record Property(String name, String value) {}

  static List<Property> of(CheckpointView view) {
    InspectProperties table = new InspectProperties();
    String machine = view.configuration().machineType();
    String target = view.manifest().map(m -> " (" + m.target() + ")").orElse("");
    table.row("machine", (machine.isEmpty() ? "not said" : machine) + target);
    table.row("target page", Quantity.size(view.targetPageSize()));
    view.oldestQemu()
        .ifPresent(version -> table.row("QEMU", version + " or newer, guessed by the machine"));
    table.row("capabilities", list(view.configuration().capabilities()));
    view.configuration().uuid().ifPresent(uuid -> table.row("uuid", uuid));
    long ram = view.ram().bytes();
    long data = view.ram().data() * view.targetPageSize();
    int blocks = view.ram().blocks().size();
    table.row("RAM", Quantity.size(ram) + " in " + Quantity.count(blocks, "block"));
    table.row(
        "stored",
        Quantity.size(data)
            + " of data in "
            + Quantity.size(view.fileBytes())
            + " of file: "
            + Quantity.percent(view.fileBytes(), ram)
            + " of the RAM");
    content(table, view.content());
    view.manifest().ifPresent(manifest -> manifest(table, manifest));
    return List.copyOf(table.rows);
  }

  private static void manifest(InspectProperties table, Manifest manifest) {
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

  private static void content(InspectProperties table, ContentSample content) {
    if (content.sampled() == 0) {
      return;
    }
    table.row("data pages", Words.sampled(content));
    table.row("  entropy", String.format(Locale.ROOT, "%.2f bits per byte", content.entropy()));
    table.row("  LZ4", share(content.lz4Bytes(), content));
    table.row("  zstd", share(content.zstdBytes(), content));
  }

  private static String share(long bytes, ContentSample content) {
    return Quantity.percent(bytes, content.bytes()) + " of their size";
  }

  private void row(String name, Object value) {
    rows.add(new Property(name, value.toString()));
  }

  private static String list(List<String> names) {
    return names.isEmpty() ? "none" : String.join(", ", names);
  }
}
