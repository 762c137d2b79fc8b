// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.UsageException;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `tidemark inspect`: what is in a checkpoint.
@Command(
    name = "inspect",
    header = "Show what is in a checkpoint.",
    description = {
      "%nMachine, RAM blocks with their pages by kind, device sections with their sizes, and what was"
          + " noted when it was saved. The content of the pages is not read; 'tidemark verify' does.",
    })
public final class InspectCommand extends TidemarkCommand {
  @Mixin private FileMixin file = new FileMixin();
  @Mixin private SnapshotMixin snapshot = new SnapshotMixin();
  @Mixin private JsonMixin json = new JsonMixin();

  @Option(names = "--ram", description = "List which pages are data, zero or missing.")
  private boolean ram;

  @Mixin private DevicesMixin devices = new DevicesMixin();

  /// The command.
  ///
  /// @param console where it prints
  public InspectCommand(Console console) {
    super(console);
  }

  @Override
  public String subject() {
    return file.subject();
  }

  @Override
  protected void run() throws IOException, UsageException {
    if (devices.asked()) {
      devices.print(out(), file.path(), snapshot.options(), json.asked());
      return;
    }
    CheckpointView view;
    try (Checkpoint checkpoint = Checkpoint.open(file.path(), snapshot.options())) {
      view = CheckpointView.of(checkpoint, file.path(), ram);
    }
    if (json.asked()) {
      InspectJson.print(out(), view, ram);
    } else {
      InspectText.print(out(), view, ram);
    }
  }
}
