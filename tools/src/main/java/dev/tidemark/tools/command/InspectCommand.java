// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.analysis.RamSurvey;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.ProgressLine;
import dev.tidemark.tools.report.UsageException;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `tidemark inspect`: what is in a checkpoint.
@Command(
    name = "inspect",
    header = "Show what is in a checkpoint.",
    description = {
      "%nMachine, RAM blocks with their pages by kind, device sections with their sizes, and what was"
          + " noted when it was saved. How random the pages are and how they compress is measured on"
          + " a sample of 1024 of them; 'tidemark verify' reads them all."
    })
public final class InspectCommand extends TidemarkCommand {
  @Mixin private FileMixin file = new FileMixin();
  @Mixin private OpenMixin opening = new OpenMixin();
  @Mixin private JsonMixin json = new JsonMixin();
  @Mixin private ProgressMixin progress = new ProgressMixin();

  @Option(names = "--ram", description = "List which pages are data, zero or missing.")
  private boolean ram;

  @Mixin private HtmlMixin html = new HtmlMixin();
  @Mixin private DevicesMixin devices = new DevicesMixin();

  /// The command.
  ///
  /// @param console where it prints
  public InspectCommand(Console console) {
    super(console);
  }

  @Override
  public String subject() {
    return file.subject();
  }

  @Override
  protected void run() throws IOException, UsageException {
    if (devices.asked()) {
      devices.print(out(), file.path(), opening.options(), json.asked());
      return;
    }
    try (ProgressLine line = progress.line(console());
        Checkpoint checkpoint = Sources.open(file.path(), opening.options(), line, "reading")) {
      CheckpointView view = CheckpointView.of(checkpoint, file.path());
      line.end();
      if (html.asked()) {
        html.write(out(), checkpoint, view);
      } else if (json.asked()) {
        InspectJson.print(out(), view, ram ? Optional.of(checkpoint) : Optional.empty());
      } else {
        text(checkpoint, view);
      }
    }
  }

  private void text(Checkpoint checkpoint, CheckpointView view) throws IOException {
    InspectText.print(out(), view);
    if (ram) {
      out().println();
      out().println("Pages");
      new RunText(checkpoint.targetPageSize(), "kind")
          .print(
              out(),
              "  ",
              rows -> {
                for (RamBlock block : checkpoint.ramBlocks()) {
                  RamSurvey.forEachRun(
                      checkpoint,
                      block,
                      (b, start, end, kind) -> rows.row(b.idstr(), start, end, Words.kind(kind)));
                }
              });
      out().flush();
    }
  }
}
