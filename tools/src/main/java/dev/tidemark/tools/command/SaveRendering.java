// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.saver.SaveReport;
import dev.tidemark.tools.report.JsonReport;
import dev.tidemark.tools.report.Quantity;
import dev.tidemark.tools.report.TextTable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;

/// What `save` prints at its end.
final class SaveRendering {
  private SaveRendering() {}

  static void text(PrintWriter out, Path file, SaveReport report) {
    out.println(
        TextTable.printable(file.toString())
            + ": saved in "
            + Quantity.duration(report.totalTime())
            + ", "
            + Quantity.size(report.fileBytes())
            + " for "
            + Quantity.size(report.ramBytes())
            + " of RAM");
    TextTable table = TextTable.ofProperties();
    table.row("method", report.method().wireName());
    table.row("run state", report.runState() + ", as before");
    table.row("pause", report.downtime().map(SaveRendering::pause).orElse("none: it did not run"));
    table.row(
        "stream",
        Quantity.size(report.streamBytes())
            + " in "
            + Quantity.duration(report.streamTime())
            + ", "
            + Quantity.count(report.iterations(), "dirty sync"));
    table.row("pages sent", report.pagesSent() + ", of these zero pages: " + report.zeroPages());
    table.row("pages re-sent", report.pagesResent() + ", at most kept: " + report.tablePeakPages());
    table.row("spills", spills(report));
    table.print(out, "  ");
    out.flush();
  }

  private static String pause(SaveReport.Downtime downtime) {
    return Quantity.duration(downtime.total())
        + " (last pages "
        + Quantity.duration(downtime.finalIteration())
        + ", device state "
        + Quantity.duration(downtime.deviceState())
        + ", resume "
        + Quantity.duration(downtime.resume())
        + ")";
  }

  private static String spills(SaveReport report) {
    if (report.spills() == 0) {
      return "none";
    }
    return report.spills()
        + ", "
        + Quantity.count(report.pagesSpilled(), "page")
        + ", of these while it stood: "
        + report.pagesSpilledWhileStopped();
  }

  static void json(PrintWriter out, Path file, SaveReport report) throws IOException {
    JsonReport.print(
        out,
        json ->
            json.put("file", file.toString())
                .put("method", report.method().wireName())
                .put("run_state", report.runState())
                .object(
                    "downtime",
                    report.downtime(),
                    (j, downtime) ->
                        j.put("total_seconds", downtime.total())
                            .put("final_iteration_seconds", downtime.finalIteration())
                            .put("device_state_seconds", downtime.deviceState())
                            .put("resume_seconds", downtime.resume()))
                .put("total_seconds", report.totalTime())
                .put("stream_seconds", report.streamTime())
                .put("stream_bytes", report.streamBytes())
                .put("file_bytes", report.fileBytes())
                .put("ram_bytes", report.ramBytes())
                .put("iterations", report.iterations())
                .put("pages_sent", report.pagesSent())
                .put("zero_pages", report.zeroPages())
                .put("pages_resent", report.pagesResent())
                .put("table_peak_pages", report.tablePeakPages())
                .put("spills", report.spills())
                .put("pages_spilled", report.pagesSpilled())
                .put("pages_spilled_while_stopped", report.pagesSpilledWhileStopped())
                .put("warnings", report.warnings()));
  }
}
