// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.archive.SalvageReport;
import dev.tidemark.checkpoint.mappedram.MappedRamRepair;
import dev.tidemark.tools.report.JsonReport;
import dev.tidemark.tools.report.Quantity;
import dev.tidemark.tools.report.TextTable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;

/// What `repair` tells.
///
/// @param out takes it
/// @param file what was written
/// @param json whether it is told as JSON
record RepairRendering(PrintWriter out, Path file, boolean json) {
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

  void print(SalvageReport report) throws IOException {
    if (json) {
      JsonReport.print(
          out,
          j ->
              j.put("file", file.toString())
                  .put("pages_kept", report.pagesKept())
                  .put("pages_lost", report.pagesLost())
                  .put("blocks_lost", report.blocksLost())
                  .put("device_state_whole", report.deviceStateDamage().isEmpty()));
      return;
    }
    line(
        Quantity.count(report.pagesKept(), "page")
            + " kept, "
            + report.pagesLost()
            + " lost; device state "
            + (report.deviceStateDamage().isEmpty() ? "whole" : "lost"));
  }

  private void line(String what) {
    out.println(TextTable.printable(file.toString()) + ": repaired: " + what);
    out.flush();
  }
}
