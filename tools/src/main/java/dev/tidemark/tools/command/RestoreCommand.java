// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.qmp.QmpAddress;
import dev.tidemark.restorer.Restoration;
import dev.tidemark.restorer.RestoreOptions;
import dev.tidemark.restorer.RestoreTarget;
import dev.tidemark.restorer.Restorer;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.ProgressLine;
import dev.tidemark.tools.report.UsageException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `tidemark restore`: a checkpoint back as a running VM.
@Command(
    name = "restore",
    header = "Bring a checkpoint back as a running VM.",
    customSynopsis = {
      "tidemark restore [OPTIONS] FILE [-- QEMU-ARGS]",
    },
    description = {
      "%nStarts QEMU with the command line of the saved VM, with fresh monitors, sockets and files in"
          + " place of those that it had; or with the arguments behind --; or feeds a QEMU that"
          + " waits already (--qmp, started with -incoming defer). The saved VM may still be running.",
      "%nFor example: tidemark restore vm.tmk"
    })
public final class RestoreCommand extends TidemarkCommand {
  @Mixin private FileMixin file = new FileMixin();

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "QEMU-ARGS",
      description = "Behind --: QEMU's arguments instead of those that were saved.")
  private @Nullable List<String> arguments;

  @Option(
      names = "--mode",
      paramLabel = "M",
      description = "eager: the guest runs once all of its RAM is loaded (the default).")
  private String mode = "eager";

  @Option(names = "--paused", description = "Leave the guest paused.")
  private boolean paused;

  @Mixin private QmpMixin qmp = new QmpMixin();

  @Option(
      names = "--run-dir",
      paramLabel = "DIR",
      description =
          "Folder for the VM's sockets and logs, new or empty; by default a temporary one.")
  private @Nullable Path runFolder;

  @Mixin private ProgressMixin progress = new ProgressMixin();
  @Mixin private JsonMixin json = new JsonMixin();

  /// The command.
  ///
  /// @param console where it prints
  public RestoreCommand(Console console) {
    super(console);
  }

  @Override
  public String subject() {
    return file.subject();
  }

  @Override
  protected void run() throws IOException, InterruptedException, UsageException {
    checkMode();
    RestoreOptions options = RestoreOptions.DEFAULT.withPaused(paused).withTarget(target());
    if (runFolder != null) {
      options = options.withRunFolder(runFolder);
    }
    Restoration restored;
    try (ProgressLine line = progress.line(console());
        Checkpoint checkpoint = Checkpoint.open(file.path())) {
      Thread worker = Thread.currentThread();
      console().onInterrupt(worker::interrupt);
      restored =
          Restorer.of(checkpoint)
              .options(options.withProgress((done, all) -> line.show("restoring", done, all, "")))
              .launch();
    }
    restored.warnings().forEach(finding -> console().warn(finding.line()));
    if (json.asked()) {
      RestoreRendering.json(out(), file.path(), restored);
    } else {
      RestoreRendering.text(out(), file.path(), restored);
    }
  }

  private void checkMode() throws UsageException {
    switch (mode.toLowerCase(Locale.ROOT)) {
      case "eager" -> {}
      case "lazy", "clone" -> throw SaveSettings.notYet("--mode", mode, "eager");
      default -> throw SaveSettings.unknown("--mode", mode, "eager");
    }
  }

  private RestoreTarget target() throws UsageException {
    Optional<QmpAddress> waiting = qmp.address();
    if (arguments == null) {
      return waiting
          .<RestoreTarget>map(RestoreTarget.Waiting::new)
          .orElseGet(RestoreTarget.Saved::new);
    }
    if (waiting.isPresent()) {
      throw new UsageException("--qmp feeds a QEMU that waits; it does not go with -- QEMU-ARGS");
    }
    return new RestoreTarget.Given(arguments);
  }
}
