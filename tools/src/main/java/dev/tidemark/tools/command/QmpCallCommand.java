// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.QmpOptions;
import dev.tidemark.qmp.TlsCredentials;
import dev.tidemark.qmp.command.Raw;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.UsageException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `tidemark qmp`: one QMP command, those of standard input, or a prompt.
@Command(
    name = "qmp",
    header = "Send QMP commands to a VM and print what they return.",
    description = {
      "%nFor example: tidemark qmp --qmp vm.sock query-status",
      "%nWithout COMMAND: a prompt with completion, on which events are shown as they come; or,"
          + " where standard input is no terminal, the commands that its lines hold, to the first"
          + " one that fails."
    })
public final class QmpCallCommand extends TidemarkCommand {
  @Mixin private QmpMixin qmp = new QmpMixin();

  @Option(
      names = "--tls",
      paramLabel = "DIR",
      description =
          "For a monitor on TCP with TLS: a folder with ca-cert.pem, client-cert.pem and"
              + " client-key.pem.")
  private @Nullable Path tls;

  @Option(
      names = "--timeout",
      paramLabel = "D",
      converter = Converters.Time.class,
      description =
          "How long to wait for each answer, such as 10m; 30s by default. QEMU may still carry out"
              + " what took longer.")
  private @Nullable Duration timeout;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "COMMAND",
      description = "Name, such as query-status.")
  private @Nullable String command;

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "JSON",
      description = "Arguments: a JSON object, or NAME=VALUE ...")
  private List<String> arguments = List.of();

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
    Raw call = command == null ? null : QmpLine.of(command, arguments);
    try (QmpClient client = QmpClient.connect(qmp.required(), options())) {
      QmpSession session = new QmpSession(client);
      if (call != null) {
        session.run(call, out());
      } else if (console().isInputTerminal()) {
        QmpPrompt.run(session);
      } else {
        session.runLines(console().in(), console());
      }
    }
  }

  private QmpOptions options() throws IOException, UsageException {
    QmpOptions options = QmpOptions.DEFAULT;
    if (tls != null) {
      options = options.withTls(TlsCredentials.client(tls));
    }
    if (timeout == null) {
      return options;
    }
    if (!timeout.isPositive()) {
      throw new UsageException("--timeout: must be longer than 0");
    }
    return options.withDeadline(timeout);
  }
}
