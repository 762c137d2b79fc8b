// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.Raw;
import dev.tidemark.qmp.json.JsonException;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.JsonReport;
import dev.tidemark.tools.report.UsageException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `tidemark qmp`: one QMP command.
@Command(
    name = "qmp",
    header = "Send one QMP command to a VM and print what it returns.",
    description = "%nFor example: tidemark qmp --qmp vm.sock query-status")
public final class QmpCallCommand extends TidemarkCommand {
  @Mixin private QmpMixin qmp = new QmpMixin();

  @Parameters(index = "0", paramLabel = "COMMAND", description = "Name, such as query-status.")
  private String command = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "JSON",
      description = "Arguments, a JSON object.")
  private @Nullable String arguments;

  /// The command.
  ///
  /// @param console where it prints
  public QmpCallCommand(Console console) {
    super(console);
  }

  @Override
  public String subject() {
    return qmp.subject();
  }

  @Override
  protected void run() throws IOException, InterruptedException, UsageException {
    Raw call = new Raw(command, parsedArguments());
    try (QmpClient client = QmpClient.connect(qmp.required())) {
      JsonReport.printValue(out(), client.execute(call).toJson());
    }
  }

  private JsonObject parsedArguments() throws UsageException {
    if (arguments == null) {
      return JsonObject.EMPTY;
    }
    try {
      if (JsonValue.parse(arguments) instanceof JsonObject object) {
        return object;
      }
      throw new UsageException("the arguments of a QMP command are a JSON object, such as {}");
    } catch (JsonException e) {
      throw new UsageException("the arguments are not JSON: " + e.getMessage());
    }
  }
}
