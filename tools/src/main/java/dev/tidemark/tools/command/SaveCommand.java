// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.qmp.QmpAddress;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.saver.LiveSaver;
import dev.tidemark.saver.SaveOptions;
import dev.tidemark.saver.SaveReport;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.ProgressLine;
import dev.tidemark.tools.report.UsageException;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `tidemark save`: a checkpoint of a running VM.
@Command(
    name = "save",
    header = "Save a running VM into a checkpoint while its guest goes on.",
    description = {
      "%nThe VM is what it was afterwards: running, or paused. Ctrl-C ends the save at once; the guest goes"
          + " on and no file is left.",
      "%nFor example: tidemark save --qmp vm.sock -o vm.tmk --disks none"
    })
public final class SaveCommand extends TidemarkCommand {
  @Mixin private QmpMixin qmp = new QmpMixin();

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "FILE",
      description = "The checkpoint to write.")
  private String output = "";

  @ArgGroup(exclusive = false, heading = "%nHow:%n")
  private SaveSettings settings = new SaveSettings();

  @Option(names = "--force", description = "Replace an existing file.")
  private boolean force;

  @Option(
      names = "--keep-partial",
      description = "Keep what dead writers, or this one if it fails, have written.")
  private boolean keepPartial;

  @Mixin private ProgressMixin progress = new ProgressMixin();
  @Mixin private JsonMixin json = new JsonMixin();

  /// The command.
  ///
  /// @param console where it prints
  public SaveCommand(Console console) {
    super(console);
  }

  @Override
  public String subject() {
    return "saving " + qmp.subject();
  }

  @Override
  protected void run() throws IOException, InterruptedException, UsageException {
    QmpAddress address = qmp.required();
    Path file = Targets.file(output);
    SaveReport report;
    try (ProgressLine line = progress.line(console())) {
      SaveOptions options = settings.options(new SaveProgressView(line));
      report = save(address, options, file);
    }
    report.warnings().forEach(console()::warn);
    if (json.asked()) {
      SaveRendering.json(out(), file, report);
    } else {
      SaveRendering.text(out(), file, report);
    }
  }

  private SaveReport save(QmpAddress address, SaveOptions options, Path file)
      throws IOException, InterruptedException {
    // Whoever interrupts before there is a saver interrupts the waiting for the monitor.
    Thread caller = Thread.currentThread();
    console().onInterrupt(caller::interrupt);
    // Made before the VM is touched: a target that cannot be written is found now.
    try (FileTarget target = FileTarget.create(file, new FileTarget.Options(force, keepPartial));
        QmpClient client = QmpClient.connect(address)) {
      LiveSaver saver = LiveSaver.of(client, options);
      console().onInterrupt(saver::cancel);
      return saver.save(target);
    }
  }
}
