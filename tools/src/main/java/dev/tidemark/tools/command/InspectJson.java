// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.tools.report.JsonReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;

/// `inspect --json`.
final class InspectJson {
  private InspectJson() {}

  static void print(PrintWriter out, CheckpointView view, boolean ram) throws IOException {
    JsonReport.print(
        out,
        json -> {
          json.put("file", view.file())
              .put("format", Words.wireName(view.format()))
              .put("file_bytes", view.fileBytes())
              .put("machine", view.configuration().machineType())
              .put("target_page_size", view.targetPageSize())
              .put("capabilities", view.configuration().capabilities())
              .put("ram_bytes", view.ramBytes());
          if (view.configuration().uuid().isPresent()) {
            json.put("uuid", view.configuration().uuid().get().toString());
          }
          json.array("ram_blocks", view.blocks(), (j, pages) -> block(j, pages, ram))
              .put("device_state_bytes", view.deviceStateBytes())
              .put("has_vmdesc", view.deviceState().vmdesc().isPresent());
          if (view.sections().isPresent()) {
            json.array(
                "device_sections",
                view.sections().get(),
                (j, section) ->
                    j.put("name", section.header().idstr())
                        .put("instance_id", Integer.toUnsignedLong(section.header().instanceId()))
                        .put("version_id", Integer.toUnsignedLong(section.header().versionId()))
                        .put("bytes", section.body().length));
          }
          if (!view.live().isEmpty()) {
            json.array(
                "live_sections",
                view.live(),
                (j, live) ->
                    j.put("name", live.header().idstr())
                        .put("instance_id", Integer.toUnsignedLong(live.header().instanceId()))
                        .put("version_id", Integer.toUnsignedLong(live.header().versionId()))
                        .put("sections", live.sections())
                        .put("bytes", live.bytes()));
          }
          json.object("manifest", view.manifest(), InspectJson::manifest);
        });
  }

  private static void block(JsonReport json, CheckpointView.Pages pages, boolean ram)
      throws IOException {
    json.put("name", pages.block().idstr())
        .put("used_length", pages.block().usedLength())
        .put("pages", pages.total())
        .put("data_pages", pages.count(PageKind.DATA))
        .put("zero_pages", pages.count(PageKind.ZERO))
        .put("missing_pages", pages.count(PageKind.MISSING));
    if (ram) {
      json.array(
          "runs",
          pages.runs(),
          (j, run) ->
              j.put("start", run.start())
                  .put("length", run.length())
                  .put("kind", Words.kind(run.kind())));
    }
  }

  static void manifest(JsonReport json, Manifest manifest) throws IOException {
    json.put("tidemark_version", manifest.tidemarkVersion())
        .put("created", manifest.created().toString())
        .put("method", manifest.method())
        .put("qemu_version", manifest.qemuVersion())
        .put("qemu_package", manifest.qemuPackage())
        .put("target", manifest.target())
        .put("machine", manifest.machineType())
        .put("run_state", manifest.runState())
        .put("capabilities", manifest.capabilities())
        .put("memory_map", manifest.memoryMap())
        .object(
            "command_line",
            manifest.commandLine(),
            (j, line) ->
                j.put("executable", line.executable())
                    .put("arguments", line.arguments())
                    .put("working_directory", line.workingDirectory())
                    .put("removed", line.removed()))
        .array("disks", manifest.disks(), InspectJson::disk)
        .object("timing", j -> timing(j, manifest.timing()));
  }

  static void disk(JsonReport json, Manifest.Disk disk) throws IOException {
    json.put("device", disk.device())
        .put("file", disk.file())
        .put("format", disk.format())
        .put("read_only", disk.readOnly());
  }

  static void disks(JsonReport json, List<Manifest.Disk> disks) throws IOException {
    json.array("disks", disks, InspectJson::disk);
  }

  private static void timing(JsonReport json, Manifest.Timing timing) throws IOException {
    if (timing.pause().isPresent()) {
      json.put("pause_seconds", timing.pause().get());
    }
    json.put("stream_seconds", timing.streamTime())
        .put("pages_received", timing.pagesReceived())
        .put("pages_resent", timing.pagesResent());
  }
}
