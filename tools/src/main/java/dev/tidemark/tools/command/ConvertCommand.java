// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.CheckpointInput;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.CheckpointTarget;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.checkpoint.mappedram.MappedRamWriter;
import dev.tidemark.stream.StreamException;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.JsonReport;
import dev.tidemark.tools.report.ProgressLine;
import dev.tidemark.tools.report.Quantity;
import dev.tidemark.tools.report.TextTable;
import dev.tidemark.tools.report.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `tidemark convert`: any checkpoint that can be read, in any form that can be written.
@Command(
    name = "convert",
    header = "Write a checkpoint in another form.",
    description = {
      "%nReads whatever 'tidemark inspect' reads; each page is written once. Forms: stream (what QEMU"
          + " takes with -incoming), archive (.tmk), mapped-ram, libvirt (what 'virsh restore' takes),"
          + " elf (a core for gdb, crash, drgn), raw (guest-physical memory).",
      "%n'-' is standard input or output. What comes through a pipe is converted in one pass if its"
          + " form allows; else it is kept in a temporary file first, which is said.",
      "%nFor example: tidemark convert vm.tmk vm.core --to elf"
    })
public final class ConvertCommand extends TidemarkCommand {
  @Parameters(index = "0", paramLabel = "IN", description = "The checkpoint, or '-'.")
  private String in = "";

  @Parameters(index = "1", paramLabel = "OUT", description = "The file to write, or '-'.")
  private String out = "";

  @Option(
      names = "--to",
      required = true,
      paramLabel = "FORM",
      description = "stream, archive, mapped-ram, libvirt, elf or raw.")
  private String to = "";

  @Option(
      names = "--compress",
      paramLabel = "C",
      description =
          "archive: lz4 (the default), zstd, none. stream: none (the default), gzip, bzip2, xz, lzop,"
              + " zstd, lz4. libvirt: none (the default), gzip, bzip2, xz, lzop, zstd, sparse.")
  private String compress = "";

  @Option(
      names = "--xml",
      paramLabel = "FILE",
      description = "libvirt: the domain's XML; by default that of IN.")
  private @Nullable Path xml;

  @Mixin private MemoryMapMixin map = new MemoryMapMixin();
  @Mixin private OpenMixin opening = new OpenMixin();

  @Option(names = "--force", description = "Replace OUT if it exists.")
  private boolean force;

  @Mixin private ProgressMixin progress = new ProgressMixin();
  @Mixin private JsonMixin json = new JsonMixin();

  /// The command.
  ///
  /// @param console where it prints
  public ConvertCommand(Console console) {
    super(console);
  }

  @Override
  public String subject() {
    return in.equals("-") ? "standard input" : in;
  }

  @Override
  protected void run() throws IOException, UsageException {
    ConvertForm form = ConvertForm.of(to);
    String compression = form.compression(compress);
    Optional<String> domain =
        xml == null ? Optional.empty() : Optional.of(Files.readString(xml).strip());
    boolean piped = out.equals("-");
    if (piped && !form.isPiped(compression)) {
      throw new UsageException(
          "'" + to + "' is not written front to back: name a file instead of '-'");
    }
    console().onInterrupt(Thread.currentThread()::interrupt);
    List<String> warnings;
    long bytes;
    if (form == ConvertForm.MAPPED_RAM && inOnePass()) {
      report(form, compression, Files.size(Path.of(out)), List.of());
      return;
    }
    try (ProgressLine line = progress.line(console());
        FileTarget target = piped ? null : FileTarget.create(Path.of(out), options());
        CheckpointInput checkpoint =
            Sources.input(in, opening.options(), console(), line, "reading")) {
      ConvertOutput output =
          new ConvertOutput(
              form, compression, domain, (done, total) -> line.show("writing", done, total, ""));
      if (target == null) {
        CheckpointTarget pipe = CheckpointTarget.of(Targets.standardOutput());
        output.write(checkpoint, pipe);
        return;
      }
      warnings = output.writeFile(checkpoint, map, target);
      target.commit();
      bytes = Files.size(target.file());
    }
    warnings.forEach(console()::warn);
    report(form, compression, bytes, warnings);
  }

  /// Writes a stored stream to a mapped-ram file, which has one place for each page, without an
  /// index of its pages.
  ///
  /// @return whether it was written; otherwise it takes an index
  private boolean inOnePass() throws IOException, UsageException {
    if (opening.options().snapshot().isPresent() || !Sources.isStream(in)) {
      return false;
    }
    try (ProgressLine line = progress.line(console());
        FileTarget target = FileTarget.create(Path.of(out), options());
        CheckpointStream stream = Sources.stream(in)) {
      MappedRamWriter.write(
          stream,
          target,
          MappedRamWriter.Options.DEFAULT.withProgress(
              (done, total) -> line.show("writing", done, total, "")));
      target.commit();
      return true;
    } catch (StreamException.Unsupported e) {
      // Pages that came as deltas. Of anything else the index says the same.
      return false;
    }
  }

  private FileTarget.Options options() {
    return new FileTarget.Options(force, false);
  }

  private void report(ConvertForm form, String compression, long bytes, List<String> warnings)
      throws IOException {
    if (json.asked()) {
      JsonReport.print(
          out(),
          report ->
              report
                  .put("file", out)
                  .put("form", form.wireName())
                  .put("compression", compression)
                  .put("file_bytes", bytes)
                  .put("warnings", warnings));
      return;
    }
    String how = compression.equals("none") ? "" : " (" + compression + ")";
    out()
        .println(
            TextTable.printable(out)
                + ": written, "
                + form.words()
                + how
                + ", "
                + Quantity.size(bytes));
    out().flush();
  }
}
