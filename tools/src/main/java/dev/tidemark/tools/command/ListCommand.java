// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.JsonReport;
import dev.tidemark.tools.report.Quantity;
import dev.tidemark.tools.report.TextTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `tidemark list`: the checkpoints of a folder.
@Command(
    name = "list",
    header = "List the checkpoints in a folder.",
    description = {
      "%nThe oldest first. Files that are no checkpoints are passed over; those that are being written,"
          + " or were left behind by a writer that has died, are listed as incomplete."
    })
public final class ListCommand extends TidemarkCommand {
  private static final String UNKNOWN = "-";

  @Parameters(index = "0", paramLabel = "DIR", description = "The folder.")
  private Path folder = Path.of("");

  @Mixin private JsonMixin json = new JsonMixin();

  /// The command.
  ///
  /// @param console where it prints
  public ListCommand(Console console) {
    super(console);
  }

  @Override
  public String subject() {
    return folder.toString();
  }

  @Override
  protected void run() throws IOException {
    List<StoredFile> files = StoredFile.in(folder);
    if (json.asked()) {
      JsonReport.print(out(), report -> report.array("checkpoints", files, ListCommand::write));
    } else if (files.isEmpty()) {
      out().println("no checkpoints in " + TextTable.printable(folder.toString()));
    } else {
      table(files).print(out(), "");
    }
  }

  private static TextTable table(List<StoredFile> files) {
    TextTable table = TextTable.of("date", "machine", ">size", ">RAM", "disks", "state", "name");
    for (StoredFile file : files) {
      table.row(
          Words.date(file.date()),
          file.content().map(StoredFile.Content::machine).orElse(UNKNOWN),
          Quantity.size(file.bytes()),
          file.content().map(c -> Quantity.size(c.ramBytes())).orElse(UNKNOWN),
          file.content().flatMap(StoredFile.Content::disks).map(Words::disks).orElse(UNKNOWN),
          file.state().word(),
          file.name());
    }
    return table;
  }

  private static void write(JsonReport json, StoredFile file) throws IOException {
    json.put("name", file.name())
        .put("state", file.state().word())
        .put("date", file.date().toString())
        .put("file_bytes", file.bytes());
    if (!file.problem().isEmpty()) {
      json.put("problem", file.problem());
    }
    if (file.content().isPresent()) {
      StoredFile.Content content = file.content().get();
      json.put("format", Words.wireName(content.format()))
          .put("machine", content.machine())
          .put("ram_bytes", content.ramBytes());
      if (content.disks().isPresent()) {
        InspectJson.disks(json, content.disks().get());
      }
    }
  }
}
