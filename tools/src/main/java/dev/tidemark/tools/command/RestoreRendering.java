// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.restorer.Restoration;
import dev.tidemark.restorer.launch.Replacement;
import dev.tidemark.restorer.preflight.Finding;
import dev.tidemark.tools.report.JsonReport;
import dev.tidemark.tools.report.Quantity;
import dev.tidemark.tools.report.TextTable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;

/// What `restore` prints at its end.
final class RestoreRendering {
  private RestoreRendering() {}

  static void text(PrintWriter out, Path file, Restoration restored) {
    out.println(
        TextTable.printable(file.toString())
            + ": restored in "
            + Quantity.duration(restored.timings().untilDone())
            + ", the guest is "
            + restored.runState().wireName());
    TextTable table = TextTable.ofProperties();
    restored.process().ifPresent(process -> table.row("pid", process.pid()));
    table.row("qmp", restored.qmp());
    restored.runFolder().ifPresent(folder -> table.row("folder", folder));
    Restoration.Timings timings = restored.timings();
    table.row("monitor after", Quantity.duration(timings.untilConnected()));
    table.row(
        "loaded after",
        Quantity.duration(timings.untilSent()) + ", " + Quantity.size(timings.bytesSent()));
    for (Replacement replacement : restored.replacements()) {
      table.row("replaced", replacement.line());
    }
    table.print(out, "  ");
    out.flush();
  }

  static void json(PrintWriter out, Path file, Restoration restored) throws IOException {
    JsonReport.print(
        out,
        json -> {
          json.put("file", file.toString()).put("run_state", restored.runState().wireName());
          Optional<ProcessHandle> process = restored.process();
          if (process.isPresent()) {
            json.put("pid", process.get().pid());
          }
          json.put("qmp", restored.qmp().toString());
          if (restored.runFolder().isPresent()) {
            json.put("run_dir", restored.runFolder().get().toString());
          }
          json.put("command_line", restored.commandLine())
              .array(
                  "replacements",
                  restored.replacements(),
                  (j, replacement) -> j.put("was", replacement.was()).put("is", replacement.is()))
              .put("warnings", restored.warnings().stream().map(Finding::line).toList())
              .object("timings", j -> timings(j, restored.timings()));
        });
  }

  private static void timings(JsonReport json, Restoration.Timings timings) throws IOException {
    json.put("until_connected_seconds", timings.untilConnected())
        .put("until_sent_seconds", timings.untilSent())
        .put("until_done_seconds", timings.untilDone())
        .put("bytes_sent", timings.bytesSent());
  }
}
