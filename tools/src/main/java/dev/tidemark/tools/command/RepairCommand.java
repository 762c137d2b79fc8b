// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.checkpoint.mappedram.MappedRamRepair;
import dev.tidemark.stream.StreamException;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.JsonReport;
import dev.tidemark.tools.report.ProgressLine;
import dev.tidemark.tools.report.Quantity;
import dev.tidemark.tools.report.TextTable;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `tidemark repair`: what can be rebuilt of a checkpoint that does not load.
@Command(
    name = "repair",
    header = "Rebuild what can be rebuilt of a checkpoint that does not load.",
    description = {
      "%nThe mapped-ram file that QEMU makes of a background snapshot: it marks no page as stored,"
          + " though all are; the marks are made anew. IN is never changed."
    })
public final class RepairCommand extends TidemarkCommand {
  @Parameters(index = "0", paramLabel = "IN", description = "The broken checkpoint.")
  private Path in = Path.of("");

  @Parameters(index = "1", paramLabel = "OUT", description = "The file to write.")
  private Path out = Path.of("");

  @Option(names = "--force", description = "Replace OUT if it exists.")
  private boolean force;

  @Mixin private ProgressMixin progress = new ProgressMixin();
  @Mixin private JsonMixin json = new JsonMixin();

  /// The command.
  ///
  /// @param console where it prints
  public RepairCommand(Console console) {
    super(console);
  }

  @Override
  public String subject() {
    return in.toString();
  }

  @Override
  protected void run() throws IOException {
    console().onInterrupt(Thread.currentThread()::interrupt);
    try (ProgressLine line = progress.line(console());
        ByteSource source = ByteSource.sparse(in)) {
      CheckpointFormat format = CheckpointFormat.of(source);
      if (format != CheckpointFormat.MAPPED_RAM) {
        throw new StreamException.Unsupported(
            "nothing of a " + Words.format(format) + " can be repaired", 0, "file type");
      }
      try (FileTarget target = FileTarget.create(out, new FileTarget.Options(force, false))) {
        MappedRamRepair.Report report =
            MappedRamRepair.repair(
                source, target, (done, total) -> line.show("repairing", done, total, ""));
        target.commit();
        line.close();
        print(report);
      }
    }
  }

  private void print(MappedRamRepair.Report report) throws IOException {
    if (json.asked()) {
      JsonReport.print(
          out(),
          j ->
              j.put("file", out.toString())
                  .put("file_bytes", report.bytes())
                  .put("pages", report.pages())
                  .put("stored_pages", report.stored()));
      return;
    }
    out()
        .println(
            TextTable.printable(out.toString())
                + ": repaired: "
                + report.stored()
                + " of "
                + Quantity.count(report.pages(), "page")
                + " marked as stored, "
                + Quantity.size(report.bytes()));
    out().flush();
  }
}
