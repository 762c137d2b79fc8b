// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.analysis.ContentSample;
import dev.tidemark.checkpoint.analysis.RamSurvey;
import dev.tidemark.stream.SectionHeader;
import dev.tidemark.tools.report.JsonReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// `inspect --json`.
final class InspectJson {
  private InspectJson() {}

  /// @param runs the checkpoint whose runs of pages are listed, if they are
  static void print(PrintWriter out, CheckpointView view, Optional<Checkpoint> runs)
      throws IOException {
    JsonReport.print(
        out,
        json -> {
          head(json, view);
          json.array("ram_blocks", view.ram().blocks(), (j, pages) -> block(j, pages, runs));
          content(json, view.content());
          json.put("device_state_bytes", view.deviceStateBytes())
              .put("has_vmdesc", view.deviceState().vmdesc().isPresent());
          sections(json, view);
          json.object("manifest", view.manifest(), InspectJson::manifest);
        });
  }

  private static void head(JsonReport json, CheckpointView view) throws IOException {
    json.put("file", view.file())
        .put("format", Words.wireName(view.format()))
        .put("file_bytes", view.fileBytes())
        .put("machine", view.configuration().machineType())
        .put("target_page_size", view.targetPageSize())
        .put("capabilities", view.configuration().capabilities());
    if (view.configuration().uuid().isPresent()) {
      json.put("uuid", view.configuration().uuid().get().toString());
    }
    if (view.oldestQemu().isPresent()) {
      json.put("qemu_version_at_least_by_machine", view.oldestQemu().get());
    }
    json.put("ram_bytes", view.ram().bytes())
        .put("pages", view.ram().pages())
        .put("data_pages", view.ram().data())
        .put("zero_pages", view.ram().zero())
        .put("missing_pages", view.ram().missing());
    resent(json, view.ram().resent());
  }

  private static void resent(JsonReport json, OptionalLong resent) throws IOException {
    if (resent.isPresent()) {
      json.put("resent_pages", resent.getAsLong());
    }
  }

  private static void content(JsonReport json, ContentSample content) throws IOException {
    json.object(
        "content",
        j ->
            j.put("sampled", content.sampled() < content.of())
                .put("sampled_pages", content.sampled())
                .put("data_pages", content.of())
                .put("bytes", content.bytes())
                .put("entropy_bits_per_byte", content.entropy())
                .put("lz4_bytes", content.lz4Bytes())
                .put("zstd_bytes", content.zstdBytes()));
  }

  private static void sections(JsonReport json, CheckpointView view) throws IOException {
    if (view.sections().isPresent()) {
      json.array(
          "device_sections",
          view.sections().get(),
          (j, section) -> {
            header(j, section.header());
            j.put("bytes", section.body().length);
          });
    }
    if (!view.live().isEmpty()) {
      json.array(
          "live_sections",
          view.live(),
          (j, live) -> {
            header(j, live.header());
            j.put("sections", live.sections()).put("bytes", live.bytes());
          });
    }
  }

  private static void header(JsonReport json, SectionHeader header) throws IOException {
    json.put("name", header.idstr())
        .put("instance_id", Integer.toUnsignedLong(header.instanceId()))
        .put("version_id", Integer.toUnsignedLong(header.versionId()));
  }

  private static void block(JsonReport json, RamSurvey.Block pages, Optional<Checkpoint> runs)
      throws IOException {
    json.put("name", pages.block().idstr())
        .put("used_length", pages.block().usedLength())
        .put("pages", pages.pages())
        .put("data_pages", pages.data())
        .put("zero_pages", pages.zero())
        .put("missing_pages", pages.missing());
    resent(json, pages.resent());
    if (runs.isPresent()) {
      json.list(
          "runs",
          list ->
              RamSurvey.forEachRun(
                  runs.get(),
                  pages.block(),
                  (_, start, end, kind) ->
                      list.add(
                          j ->
                              j.put("start", start)
                                  .put("length", end - start)
                                  .put("kind", Words.kind(kind)))));
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
