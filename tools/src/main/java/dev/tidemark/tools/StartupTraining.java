// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.ExitCode;
import java.nio.file.Path;
import java.util.List;

/// What the launcher runs once after a build, so that the JVM's AOT cache knows the classes that
/// commands load and the methods that they spend their time in. Nothing else calls it.
public final class StartupTraining {
  private StartupTraining() {}

  /// Runs commands that look into a stream and convert it.
  ///
  /// @param args the stream, and a folder that is empty, for what is written
  public static void main(String[] args) {
    Logging.silence();
    String stream = args[0];
    Path folder = Path.of(args[1]);
    String archive = folder.resolve("vm.tmk").toString();
    String mapped = folder.resolve("vm.mapped").toString();
    List<List<String>> commands =
        List.of(
            List.of("inspect", stream),
            List.of("inspect", "--json", stream),
            List.of("convert", stream, archive, "--to", "archive"),
            List.of("convert", archive, mapped, "--to", "mapped-ram"),
            List.of("convert", mapped, folder.resolve("vm.mig").toString(), "--to", "stream"),
            List.of("convert", stream, folder.resolve("raw").toString(), "--to", "raw"),
            List.of("verify", archive),
            List.of("verify", stream),
            List.of("diff", stream, mapped),
            List.of("list", folder.toString()),
            List.of("save", "--help"));
    for (List<String> command : commands) {
      try (Console console = Console.standard()) {
        int code = Tidemark.run(console, command.toArray(String[]::new));
        if (code != ExitCode.OK.code()) {
          System.err.println(code + " from " + command);
        }
      }
    }
  }
}
