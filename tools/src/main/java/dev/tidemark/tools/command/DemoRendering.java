// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.saver.SaveReport;
import dev.tidemark.tools.demo.DemoReport;
import dev.tidemark.tools.report.JsonReport;
import dev.tidemark.tools.report.Quantity;
import dev.tidemark.tools.report.TextTable;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;

/// What `demo` prints at its end.
final class DemoRendering {
  private DemoRendering() {}

  static void text(PrintWriter out, DemoReport report) {
    SaveReport save = report.save();
    TextTable table = TextTable.ofProperties();
    table.row(
        "pause", pause(save.downtime().map(SaveReport.Downtime::total), "STOP to RESUME, by QMP"));
    table.row("pause, by the guest's ticks", pause(report.pauseByTicks(), "longest gap around it"));
    table.row(
        "longest gap during the save",
        pause(report.longestGap(), report.ticksDuringSave() + " ticks meanwhile"));
    table.row(
        "time to save",
        Quantity.duration(save.totalTime())
            + "  (of this, receiving "
            + Quantity.duration(save.streamTime())
            + ")");
    table.row(
        "checkpoint",
        Quantity.size(save.fileBytes())
            + "  ("
            + Quantity.percent(save.fileBytes(), save.ramBytes())
            + " of "
            + Quantity.size(save.ramBytes())
            + " of RAM)");
    table.row(
        "pages sent",
        save.pagesSent()
            + "  (zero pages "
            + save.zeroPages()
            + ", in "
            + Quantity.count(save.iterations(), "dirty sync")
            + ")");
    table.row("pages re-sent", save.pagesResent());
    table.row(
        "spills",
        save.spills() == 0
            ? "none"
            : save.spills() + "  (" + Quantity.count(save.pagesSpilled(), "page") + ")");
    table.row(
        "time to restore",
        Quantity.duration(report.restore().untilRunning())
            + "  (of this, loading "
            + Quantity.duration(report.restore().load())
            + ")");
    table.row(
        "checked after it",
        Quantity.count(report.restored().walks(), "whole walk")
            + " of "
            + Quantity.count(report.restored().pagesChecked(), "page")
            + ", "
            + Quantity.count(report.restored().ticks(), "tick"));
    table.row("wrong pages", report.restored().wrong().size());
    out.println();
    table.print(out, "  ");
    out.println();
    out.println(
        report.passed() ? "The restored guest found every page as it must be." : "NOT GOOD:");
    for (String problem : report.problems()) {
      out.println("  " + TextTable.printable(problem));
    }
    out.flush();
  }

  private static String pause(Optional<Duration> pause, String how) {
    return pause.map(p -> Quantity.duration(p) + "  (" + how + ")").orElse("not known");
  }

  static void json(PrintWriter out, DemoReport report) throws IOException {
    JsonReport.print(
        out,
        json -> {
          json.put("ok", report.passed())
              .put("problems", report.problems())
              .put("qemu_version", report.qemuVersion())
              .put("working_set_bytes", report.hello().workingSetBytes())
              .put("fill", report.hello().fill().wireName());
          if (report.file().isPresent()) {
            json.put("file", report.file().get().toString());
          }
          json.object("save", j -> save(j, report)).object("restore", j -> restore(j, report));
        });
  }

  private static void save(JsonReport json, DemoReport report) throws IOException {
    SaveReport save = report.save();
    json.put("method", save.method().wireName());
    if (save.downtime().isPresent()) {
      json.put("pause_seconds", save.downtime().get().total());
    }
    if (report.pauseByTicks().isPresent()) {
      json.put("pause_by_ticks_seconds", report.pauseByTicks().get());
    }
    if (report.longestGap().isPresent()) {
      json.put("longest_gap_seconds", report.longestGap().get());
    }
    json.put("ticks", report.ticksDuringSave())
        .put("total_seconds", save.totalTime())
        .put("stream_seconds", save.streamTime())
        .put("ram_bytes", save.ramBytes())
        .put("file_bytes", save.fileBytes())
        .put("stream_bytes", save.streamBytes())
        .put("iterations", save.iterations())
        .put("pages_sent", save.pagesSent())
        .put("zero_pages", save.zeroPages())
        .put("pages_resent", save.pagesResent())
        .put("spills", save.spills())
        .put("pages_spilled", save.pagesSpilled())
        .put("warnings", save.warnings());
  }

  private static void restore(JsonReport json, DemoReport report) throws IOException {
    DemoReport.Restored restored = report.restored();
    json.put("total_seconds", report.restore().untilRunning())
        .put("load_seconds", report.restore().load())
        .put("bytes_sent", report.restore().bytesSent())
        .put("walks", restored.walks())
        .put("pages_checked", restored.pagesChecked())
        .put("ticks", restored.ticks())
        .put("first_tick", restored.firstTick())
        .put("last_tick_before_save", restored.lastTickOfSource())
        .array(
            "wrong_pages",
            restored.wrong(),
            (j, page) ->
                j.put("address", page.address())
                    .put("class", page.pageClass().wireName())
                    .put("walk", page.walk())
                    .put("at", page.at()));
  }
}
