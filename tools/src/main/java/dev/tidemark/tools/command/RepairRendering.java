// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.archive.PageRange;
import dev.tidemark.checkpoint.archive.SalvageReport;
import dev.tidemark.checkpoint.mappedram.MappedRamRepair;
import dev.tidemark.tools.report.JsonReport;
import dev.tidemark.tools.report.Quantity;
import dev.tidemark.tools.report.TextTable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// What `repair` tells.
///
/// @param out takes it
/// @param file what was written
/// @param json whether it is told as JSON
record RepairRendering(PrintWriter out, Path file, boolean json) {
  /// Most ranges of lost pages in one line.
  private static final int MOST_RANGES = 8;

  void print(MappedRamRepair.Report report) throws IOException {
    if (json) {
      JsonReport.print(
          out,
          j ->
              j.put("file", file.toString())
                  .put("file_bytes", report.bytes())
                  .put("pages", report.pages())
                  .put("stored_pages", report.stored()));
      return;
    }
    line(
        report.stored()
            + " of "
            + Quantity.count(report.pages(), "page")
            + " marked as stored, "
            + Quantity.size(report.bytes()));
  }

  /// Tells of an archive that was salvaged.
  void print(SalvageReport report) throws IOException {
    if (json) {
      printJson(report);
    } else {
      line(found(report));
    }
  }

  /// Tells of pages that were taken out of an archive.
  void printPages(SalvageReport report) throws IOException {
    if (json) {
      printJson(report);
    } else {
      out.println(TextTable.printable(file.toString()) + ": pages only: " + found(report));
      out.flush();
    }
  }

  private static String found(SalvageReport report) {
    return Quantity.count(report.pagesKept(), "page")
        + " kept, "
        + report.pagesLost()
        + " lost; device state "
        + (report.deviceStateDamage().isEmpty() ? "whole" : "lost");
  }

  private void printJson(SalvageReport report) throws IOException {
    JsonReport.print(
        out,
        j ->
            j.put("file", file.toString())
                .put("pages_kept", report.pagesKept())
                .put("pages_lost", report.pagesLost())
                .put("blocks_lost", report.blocksLost())
                .put("device_state_whole", report.deviceStateDamage().isEmpty())
                .put("manifest_whole", report.manifest())
                .put("pages_may_be_older", mayBeOlder(report))
                .array(
                    "lost",
                    report.lostPages(),
                    (range, lost) ->
                        range
                            .put("block", lost.block().idstr())
                            .put("offset", lost.pageOffset())
                            .put("pages", lost.pages())));
  }

  /// What is wrong with what was made.
  ///
  /// @param pagesOnly whether that is pages only, which nobody restores
  static List<String> warnings(SalvageReport report, boolean pagesOnly) {
    List<String> warnings = new ArrayList<>();
    if (report.pagesLost() > 0) {
      warnings.add(
          Quantity.count(report.pagesLost(), "page")
              + " lost, which are zeroes now: "
              + report.lostPages().stream()
                  .limit(MOST_RANGES)
                  .map(RepairRendering::range)
                  .collect(Collectors.joining(", "))
              + (report.lostPages().size() > MOST_RANGES ? ", and others" : ""));
    }
    if (mayBeOlder(report)) {
      warnings.add("pages kept may be older than the rest of the VM, as the index is lost");
    }
    if (!pagesOnly && !report.indexed() && !report.manifest()) {
      warnings.add("the saved command line is lost: restore it with one, -- QEMU-ARGUMENTS");
    }
    return warnings;
  }

  /// Whether a newer version of a page may have stood in what is lost.
  private static boolean mayBeOlder(SalvageReport report) {
    return !report.indexed() && (report.blocksLost() > 0 || report.deviceStateDamage().isPresent());
  }

  private static String range(PageRange lost) {
    return TextTable.printable(lost.block().idstr())
        + " 0x"
        + Long.toHexString(lost.pageOffset())
        + " ("
        + Quantity.count(lost.pages(), "page")
        + ")";
  }

  private void line(String what) {
    out.println(TextTable.printable(file.toString()) + ": repaired: " + what);
    out.flush();
  }
}
