// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.stream.vmstate.DeviceDiff;
import dev.tidemark.stream.vmstate.MachineVmstate;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.UsageException;
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
    header = "Compare the device state of two checkpoints.",
    description = {
      "%nEach field that differs, by its path: its value in FILE, then in OTHER.%nWhere long bytes differ, each place is shown by its offset."
    })
public final class DiffCommand extends TidemarkCommand {
  @Mixin private FileMixin file = new FileMixin();

  @Parameters(index = "1", paramLabel = "OTHER", description = "The checkpoint to compare with.")
  private @Nullable Path other;

  @Option(names = "--devices", description = "Compare the fields of devices.")
  private boolean devices;

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
  protected void run() throws IOException, UsageException {
    if (!devices) {
      throw new UsageException("nothing to compare; say --devices");
    }
    MachineVmstate before = decode(file.path());
    Path second = other == null ? Path.of("") : other;
    subject = second.toString();
    DeviceDiff diff = DeviceDiff.between(before, decode(second));
    if (json.asked()) {
      DeviceRendering.diffJson(out(), diff);
    } else {
      DeviceRendering.diff(out(), diff);
    }
  }

  private static MachineVmstate decode(Path path) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      return MachineVmstate.decode(checkpoint.deviceState());
    }
  }
}
