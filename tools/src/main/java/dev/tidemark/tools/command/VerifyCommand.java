// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.OpenOptions;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.analysis.CheckpointCheck;
import dev.tidemark.checkpoint.archive.ArchiveReport;
import dev.tidemark.checkpoint.archive.ArchiveVerifier;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.ProgressLine;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `tidemark verify`: whether a checkpoint is whole.
@Command(
    name = "verify",
    header = "Check every byte of a checkpoint.",
    description = {
      "%nAn archive: every checksum, every section, every index entry. Other formats have no checksums"
          + " of their pages: every page is read, and the device state to its end, section by section"
          + " where there is a vmdesc. What was checked and what could not be is said. Exit code 0 only"
          + " if all holds."
    })
public final class VerifyCommand extends TidemarkCommand {
  @Mixin private FileMixin file = new FileMixin();
  @Mixin private OpenMixin opening = new OpenMixin();
  @Mixin private ProgressMixin progress = new ProgressMixin();
  @Mixin private JsonMixin json = new JsonMixin();

  @Option(
      names = "--qemu",
      paramLabel = "BINARY",
      arity = "0..1",
      fallbackValue = "",
      description =
          "Say also whether this QEMU, or the installed one, has the machine type. That it has not,"
              + " or is not there, is no failure.")
  private @Nullable String qemu;

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
  protected void run() throws IOException, InterruptedException {
    Verification verification = verify();
    if (qemu != null) {
      verification.add(MachineNote.of(qemu, verification.machine(), verification.target()));
    }
    if (json.asked()) {
      verification.json(out());
    } else {
      verification.text(out());
      verification.warnings().forEach(console()::warn);
    }
  }

  private Verification verify() throws IOException {
    try (ProgressLine line = progress.line(console())) {
      Progress shown = (done, total) -> line.show("verifying", done, total, "");
      Optional<ArchiveReport> archive = archive(shown);
      OpenOptions options = opening.options().withProgress(shown);
      try (Checkpoint checkpoint = Checkpoint.open(file.path(), options)) {
        return new Verification(
            file.path().toString(),
            Files.size(file.path()),
            checkpoint,
            archive.isPresent()
                ? CheckpointCheck.withoutPages(checkpoint)
                : CheckpointCheck.of(checkpoint, shown),
            archive);
      }
    }
  }

  private Optional<ArchiveReport> archive(Progress shown) throws IOException {
    try (ByteSource source = ByteSource.of(file.path())) {
      return CheckpointFormat.of(source) == CheckpointFormat.ARCHIVE
          ? Optional.of(ArchiveVerifier.verify(source, shown))
          : Optional.empty();
    }
  }
}
