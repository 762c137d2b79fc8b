// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.archive.ArchiveSalvage;
import dev.tidemark.checkpoint.archive.SalvageReport;
import dev.tidemark.checkpoint.mappedram.MappedRamRepair;
import dev.tidemark.stream.StreamException;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.ProgressLine;
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
          + " though all are; the marks are made anew.",
      "%nAn archive that was cut, or has changed bytes: what is whole becomes an archive again. Where"
          + " pages are lost, only with --accept-loss: they are zeroes for the guest. Where the device"
          + " state is lost nothing would load it, and --pages-only takes out the RAM.",
      "%nIN is never changed."
    })
public final class RepairCommand extends TidemarkCommand {
  @Parameters(index = "0", paramLabel = "IN", description = "The broken checkpoint.")
  private Path in = Path.of("");

  @Parameters(index = "1", paramLabel = "OUT", description = "The file to write.")
  private Path out = Path.of("");

  @Option(
      names = "--accept-loss",
      description = "Write an archive although some of its pages are lost.")
  private boolean acceptLoss;

  @Option(
      names = "--pages-only",
      description =
          "Of an archive: write the pages that are whole, a file for each RAM block; OUT is a folder"
              + " then.")
  private boolean pagesOnly;

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
    RepairRendering rendering = new RepairRendering(out(), out, json.asked());
    try (ByteSource source = ByteSource.sparse(in)) {
      CheckpointFormat format = CheckpointFormat.of(source);
      switch (format) {
        case MAPPED_RAM -> rendering.print(mark(source));
        case ARCHIVE -> archive(source, rendering);
        case STREAM, COMPRESSED_STREAM, LIBVIRT, QCOW2 ->
            throw new StreamException.Unsupported(
                "there is no repair of a " + Words.format(format), 0, "file type");
      }
    }
  }

  private MappedRamRepair.Report mark(ByteSource source) throws IOException {
    try (ProgressLine line = progress.line(console());
        FileTarget target = FileTarget.create(out, options())) {
      MappedRamRepair.Report report = MappedRamRepair.repair(source, target, shown(line));
      target.commit();
      return report;
    }
  }

  private void archive(ByteSource source, RepairRendering rendering) throws IOException {
    SalvageReport report = pagesOnly ? takeOut(source) : salvage(source);
    RepairRendering.warnings(report, pagesOnly).forEach(console()::warn);
    if (pagesOnly) {
      rendering.printPages(report);
    } else {
      rendering.print(report);
    }
  }

  private SalvageReport takeOut(ByteSource source) throws IOException {
    try (ProgressLine line = progress.line(console())) {
      return ArchivePages.write(source, out, options(), shown(line));
    }
  }

  private SalvageReport salvage(ByteSource source) throws IOException {
    try (ProgressLine line = progress.line(console());
        FileTarget target = FileTarget.create(out, options())) {
      SalvageReport report = ArchiveSalvage.salvage(source, target, acceptLoss, shown(line));
      target.commit();
      return report;
    }
  }

  private static Progress shown(ProgressLine line) {
    return (done, total) -> line.show("repairing", done, total, "");
  }

  private FileTarget.Options options() {
    return new FileTarget.Options(force, false);
  }
}
