// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.analysis.CheckpointCheck;
import dev.tidemark.checkpoint.archive.ArchiveReport;
import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.tools.report.JsonReport;
import dev.tidemark.tools.report.Quantity;
import dev.tidemark.tools.report.TextTable;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What `verify` has found: what was checked, what could not be, and what else is to be known. All
/// of it holds; what does not is an exception.
final class Verification {
  private final String file;
  private final long fileBytes;
  private final CheckpointFormat format;
  private final String machine;
  private final Optional<String> target;
  private final CheckpointCheck check;
  private final List<String> checked = new ArrayList<>();
  private final List<String> unchecked = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();

  Verification(
      String file,
      long fileBytes,
      Checkpoint checkpoint,
      CheckpointCheck check,
      Optional<ArchiveReport> archive) {
    this.file = file;
    this.fileBytes = fileBytes;
    this.format = checkpoint.format();
    this.machine = checkpoint.configuration().machineType();
    this.target = checkpoint.manifest().map(Manifest::target);
    this.check = check;
    if (archive.isPresent()) {
      archive(archive.get());
    } else {
      checked.add(
          "the format from beginning to end; "
              + Quantity.count(check.pagesRead(), "page")
              + " of data read");
      unchecked.add("what the pages hold: " + checksums(format));
    }
    devices(check.devices(), checkpoint instanceof StreamCheckpoint s && isPostcopy(s));
  }

  private static String checksums(CheckpointFormat format) {
    return switch (format) {
      case STREAM, MAPPED_RAM, QCOW2 -> "a " + Words.format(format) + " has no checksums";
      case COMPRESSED_STREAM, LIBVIRT -> "there are no checksums but the compression's, if any";
      case ARCHIVE -> "they are checked by the archive's own means";
    };
  }

  private static boolean isPostcopy(StreamCheckpoint stream) {
    return stream.commands().stream().anyMatch(c -> c.command() == Command.POSTCOPY_LISTEN);
  }

  private void archive(ArchiveReport report) {
    checked.add(
        "every checksum: "
            + Quantity.count(report.summary().archiveBlocks(), "block")
            + ", "
            + Quantity.count(report.sections(), "section")
            + ", "
            + Quantity.count(report.segments(), "digest"));
    checked.add(
        "every index entry: "
            + Quantity.count(report.summary().pageRecords(), "page record")
            + ", the newest of each page found");
  }

  private void devices(CheckpointCheck.Devices devices, boolean postcopy) {
    if (devices.hasVmdesc()) {
      checked.add(
          Quantity.count(devices.sections(), "device section") + " where vmdesc says they are");
      if (devices.restBytes() > 0) {
        unchecked.add(devices.restBytes() + " bytes of device state that vmdesc does not describe");
      }
      if (devices.undecoded() > 0) {
        unchecked.add(
            "parts of "
                + Quantity.count(devices.undecoded(), "device section")
                + ", whose layout vmdesc does not tell");
      }
    } else {
      unchecked.add(
          Quantity.size(devices.bytes())
              + " of device state: there is no vmdesc"
              + (postcopy ? ", as is usual in postcopy" : ""));
      if (!postcopy) {
        warnings.add("the stream has no vmdesc: that its end is missing could not be seen");
      }
    }
    if (devices.runState().isPresent()) {
      notes.add("a VM that loads it becomes " + devices.runState().get());
    } else {
      notes.add("there is no globalstate section: a VM that loads it runs");
    }
  }

  String machine() {
    return machine;
  }

  /// QEMU's target, where a manifest says it.
  Optional<String> target() {
    return target;
  }

  /// Adds something to know.
  void add(String note) {
    notes.add(note);
  }

  /// What the user should know and stops nothing.
  List<String> warnings() {
    return warnings;
  }

  void text(PrintWriter out) {
    out.println(
        TextTable.printable(file)
            + ": ok: "
            + Quantity.count(check.pages().pages(), "page")
            + " ("
            + check.pages().data()
            + " data, "
            + check.pages().zero()
            + " zero, "
            + check.pages().missing()
            + " missing), "
            + Quantity.size(check.devices().bytes())
            + " of device state, "
            + Words.format(format)
            + ", "
            + Quantity.size(fileBytes));
    TextTable table = TextTable.ofProperties();
    checked.forEach(line -> table.row("checked", line));
    unchecked.forEach(line -> table.row("not checked", line));
    notes.forEach(line -> table.row("note", line));
    table.print(out, "  ");
    out.flush();
  }

  void json(PrintWriter out) throws IOException {
    JsonReport.print(
        out,
        report ->
            report
                .put("file", file)
                .put("ok", true)
                .put("format", Words.wireName(format))
                .put("file_bytes", fileBytes)
                .put("machine", machine)
                .put("pages", check.pages().pages())
                .put("data_pages", check.pages().data())
                .put("zero_pages", check.pages().zero())
                .put("missing_pages", check.pages().missing())
                .put("device_state_bytes", check.devices().bytes())
                .put("device_sections", check.devices().sections())
                .put("has_vmdesc", check.devices().hasVmdesc())
                .put("run_state", check.devices().runState().orElse(""))
                .put("checksums", format == CheckpointFormat.ARCHIVE)
                .put("checked", checked)
                .put("not_checked", unchecked)
                .put("notes", notes)
                .put("warnings", warnings));
  }
}
