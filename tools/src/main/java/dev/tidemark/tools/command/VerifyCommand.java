// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.checkpoint.archive.ArchiveVerifier;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.JsonReport;
import dev.tidemark.tools.report.ProgressLine;
import dev.tidemark.tools.report.Quantity;
import dev.tidemark.tools.report.TextTable;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `tidemark verify`: whether a checkpoint is whole.
@Command(
    name = "verify",
    header = "Check every byte of a checkpoint.",
    description = {
      "%nAn archive: every checksum, every section, every index entry. A migration stream has no"
          + " checksums: it is read to its end. Exit code 0 only if all holds."
    })
public final class VerifyCommand extends TidemarkCommand {
  @Mixin private FileMixin file = new FileMixin();
  @Mixin private ProgressMixin progress = new ProgressMixin();
  @Mixin private JsonMixin json = new JsonMixin();

  /// The command.
  ///
  /// @param console where it prints
  public VerifyCommand(Console console) {
    super(console);
  }

  @Override
  public String subject() {
    return file.subject();
  }

  @Override
  protected void run() throws IOException {
    CheckpointFormat format;
    try (ProgressLine line = progress.line(console())) {
      try (ByteSource source = ByteSource.of(file.path())) {
        format = CheckpointFormat.of(source);
        if (format == CheckpointFormat.ARCHIVE) {
          ArchiveVerifier.verify(source, (done, total) -> line.show("verifying", done, total, ""));
        }
      }
    }
    CheckpointView view = view();
    if (format == CheckpointFormat.STREAM && view.deviceState().vmdesc().isEmpty()) {
      console().warn("the stream has no vmdesc: that its end is missing could not be seen");
    }
    if (json.asked()) {
      json(view);
    } else {
      text(view);
    }
  }

  private CheckpointView view() throws IOException {
    try (ProgressLine line = progress.line(console());
        Checkpoint checkpoint =
            Checkpoint.open(new WatchedSource(ByteSource.of(file.path()), line))) {
      return CheckpointView.of(checkpoint, file.path(), false);
    }
  }

  private void text(CheckpointView view) {
    out()
        .println(
            TextTable.printable(view.file())
                + ": ok: "
                + Quantity.count(view.pages(), "page")
                + " ("
                + view.pages(PageKind.DATA)
                + " data, "
                + view.pages(PageKind.ZERO)
                + " zero, "
                + view.pages(PageKind.MISSING)
                + " missing), "
                + Quantity.size(view.deviceStateBytes())
                + " of device state, "
                + Words.format(view.format())
                + ", "
                + Quantity.size(view.fileBytes()));
    out().flush();
  }

  private void json(CheckpointView view) throws IOException {
    JsonReport.print(
        out(),
        report ->
            report
                .put("file", view.file())
                .put("ok", true)
                .put("format", Words.wireName(view.format()))
                .put("file_bytes", view.fileBytes())
                .put("pages", view.pages())
                .put("data_pages", view.pages(PageKind.DATA))
                .put("zero_pages", view.pages(PageKind.ZERO))
                .put("missing_pages", view.pages(PageKind.MISSING))
                .put("device_state_bytes", view.deviceStateBytes())
                .put("has_vmdesc", view.deviceState().vmdesc().isPresent())
                .put("checksums", view.format() == CheckpointFormat.ARCHIVE));
  }
}
