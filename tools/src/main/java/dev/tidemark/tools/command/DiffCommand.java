// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.OpenOptions;
import dev.tidemark.checkpoint.analysis.RamDiff;
import dev.tidemark.stream.vmstate.DeviceDiff;
import dev.tidemark.stream.vmstate.MachineVmstate;
import dev.tidemark.tools.report.CheckFailedException;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.ExitCode;
import dev.tidemark.tools.report.ProgressLine;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `tidemark diff`: what differs between two checkpoints.
@Command(
    name = "diff",
    header = "Compare two checkpoints.",
    description = {
      "%nHow many pages of each RAM block differ, by their newest contents, and how many fields of"
          + " devices. The formats of the two do not matter. A page of zeroes is the same whether it is"
          + " stored, recorded or missing.%nExit code 0 if nothing differs, 1 if something does, as of cmp;"
          + " with --devices alone it is 0 in both cases."
    })
public final class DiffCommand extends TidemarkCommand {
  @Mixin private FileMixin file = new FileMixin();

  @Parameters(index = "1", paramLabel = "OTHER", description = "The checkpoint to compare with.")
  private @Nullable Path other;

  @Option(names = "--pages", description = "List the ranges of pages that differ.")
  private boolean pages;

  @Option(
      names = "--devices",
      description =
          "List each field that differs, by its path: its value in FILE, then in OTHER. Where long"
              + " bytes differ, each place is shown by its offset. Pages are compared only with"
              + " --pages.")
  private boolean devices;

  @Option(
      names = "--strict",
      description = "A page that is recorded as zeroes and one that is missing differ.")
  private boolean strict;

  @Mixin private OpenMixin opening = new OpenMixin();

  @Option(
      names = "--other-snapshot",
      paramLabel = "NAME",
      description = "As --snapshot, of OTHER; both may be the same image.")
  private @Nullable String otherSnapshot;

  @Mixin private ProgressMixin progress = new ProgressMixin();
  @Mixin private JsonMixin json = new JsonMixin();

  private String subject = "";

  /// The command.
  ///
  /// @param console where it prints
  public DiffCommand(Console console) {
    super(console);
  }

  @Override
  public String subject() {
    return subject.isEmpty() ? file.subject() : subject;
  }

  @Override
  protected void run() throws IOException, InterruptedException, CheckFailedException {
    Path second = other == null ? Path.of("") : other;
    if (devices && !pages) {
      DeviceDiff diff =
          DeviceDiff.between(decode(file.path(), opening.options()), decode(second, other()));
      subject = "";
      if (json.asked()) {
        DeviceRendering.diffJson(out(), diff);
      } else {
        DeviceRendering.diff(out(), diff);
      }
      return;
    }
    try (ProgressLine line = progress.line(console());
        Checkpoint a = open(file.path(), opening.options(), line);
        Checkpoint b = open(second, other(), line)) {
      subject = "";
      RamDiff ram =
          RamDiff.between(
              a,
              b,
              RamDiff.Options.DEFAULT
                  .withStrict(strict)
                  .withProgress((done, total) -> line.show("comparing", done, total, "")));
      DiffRendering rendering = new DiffRendering(ram, devices(a, b));
      line.end();
      if (json.asked()) {
        rendering.json(out(), pages, devices);
      } else {
        rendering.text(out(), pages, devices);
      }
      if (!rendering.isEmpty()) {
        throw new CheckFailedException(
            ExitCode.FAILED, file.subject() + " and " + second + " differ");
      }
    }
  }

  private static DeviceDiff devices(Checkpoint a, Checkpoint b) throws IOException {
    return DeviceDiff.between(
        MachineVmstate.decode(a.deviceState()), MachineVmstate.decode(b.deviceState()));
  }

  private OpenOptions other() {
    OpenOptions options = opening.options();
    return otherSnapshot == null ? options : options.withSnapshot(otherSnapshot);
  }

  private Checkpoint open(Path path, OpenOptions options, ProgressLine line) throws IOException {
    subject = path.toString();
    return Sources.open(path, options, line, "reading");
  }

  private MachineVmstate decode(Path path, OpenOptions options) throws IOException {
    subject = path.toString();
    try (Checkpoint checkpoint = Checkpoint.open(path, options)) {
      return MachineVmstate.decode(checkpoint.deviceState());
    }
  }
}
