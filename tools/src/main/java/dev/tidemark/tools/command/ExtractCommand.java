// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointTarget;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.JsonReport;
import dev.tidemark.tools.report.ProgressLine;
import dev.tidemark.tools.report.Quantity;
import dev.tidemark.tools.report.TextTable;
import dev.tidemark.tools.report.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `tidemark extract`: bytes out of a checkpoint.
@Command(
    name = "extract",
    header = "Take bytes out of a checkpoint: RAM or a device's state.",
    description = {
      "%nA RAM block whole (--block), every block (--blocks, OUT is a folder then), a range of"
          + " guest-physical memory (--physical), or the bytes of a device section (--device)."
          + " What is not stored is zero; zero pages are holes of a file.",
      "%nFor example: tidemark extract vm.tmk --physical 0x100000+4K -o -"
    })
public final class ExtractCommand extends TidemarkCommand {
  @Parameters(index = "0", paramLabel = "FILE", description = "The checkpoint, or '-'.")
  private String in = "";

  @ArgGroup(exclusive = true, multiplicity = "1")
  private ExtractPart part = new ExtractPart();

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "OUT",
      description = "The file to write, or '-'; with --blocks the folder.")
  private String out = "";

  @Mixin private MemoryMapMixin map = new MemoryMapMixin();
  @Mixin private OpenMixin opening = new OpenMixin();

  @Option(names = "--force", description = "Replace OUT if it exists.")
  private boolean force;

  @Mixin private ProgressMixin progress = new ProgressMixin();
  @Mixin private JsonMixin json = new JsonMixin();

  /// The command.
  ///
  /// @param console where it prints
  public ExtractCommand(Console console) {
    super(console);
  }

  @Override
  public String subject() {
    return in.equals("-") ? "standard input" : in;
  }

  @Override
  protected void run() throws IOException, UsageException {
    console().onInterrupt(Thread.currentThread()::interrupt);
    FileTarget.Options options = new FileTarget.Options(force, false);
    long bytes;
    try (ProgressLine line = progress.line(console());
        var opened = Sources.input(in, opening.options(), console(), line, "reading")) {
      Checkpoint checkpoint = opened.checkpoint();
      Extraction extraction =
          new Extraction(checkpoint, (done, total) -> line.show("extracting", done, total, ""));
      if (part.isFolder()) {
        bytes = extraction.blocks(Path.of(out), options);
      } else if (out.equals("-")) {
        part.write(extraction, map, CheckpointTarget.of(Targets.standardOutput()));
        return;
      } else {
        try (FileTarget target = FileTarget.create(Path.of(out), options)) {
          part.writeFile(extraction, map, target);
          target.commit();
          bytes = Files.size(target.file());
        }
      }
    }
    report(bytes);
  }

  private void report(long bytes) throws IOException {
    if (json.asked()) {
      JsonReport.print(out(), report -> report.put("file", out).put("bytes", bytes));
      return;
    }
    out().println(TextTable.printable(out) + ": written, " + Quantity.size(bytes));
    out().flush();
  }
}
