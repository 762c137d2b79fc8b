// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.restorer.preflight.MachineTypes;
import dev.tidemark.tools.report.TextTable;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// Whether a QEMU has a checkpoint's machine type, as something to know.
final class MachineNote {
  private static final int PATIENCE_SECONDS = 10;
  private static final int MOST_OUTPUT = 1 << 20;

  private MachineNote() {}

  /// Asks a QEMU.
  ///
  /// @param binary its name; empty: the one for the target on the search path
  /// @param machine the machine type
  /// @param target such as `x86_64`; that is taken where nothing is said
  static String of(String binary, String machine, Optional<String> target)
      throws InterruptedException {
    if (machine.isEmpty()) {
      return "the checkpoint does not name its machine type";
    }
    String name = binary.isEmpty() ? "qemu-system-" + target.orElse("x86_64") : binary;
    Optional<Path> path = name.contains("/") ? Optional.of(Path.of(name)) : onPath(name);
    if (path.isEmpty()) {
      return name + " is not installed here: whether it has the machine type is not known";
    }
    try {
      MachineTypes types = MachineTypes.parse(output(path.get()));
      boolean known = types.names().contains(types.resolve(machine));
      return TextTable.printable(
          path.get() + (known ? " has the machine type " : " has no machine type ") + machine);
    } catch (IOException e) {
      return name + " could not be asked for its machine types: " + e.getMessage();
    }
  }

  private static Optional<Path> onPath(String name) {
    String search = System.getenv("PATH");
    for (String folder : (search == null ? "" : search).split(File.pathSeparator, -1)) {
      try {
        Path file = Path.of(folder).resolve(name);
        if (!folder.isEmpty() && Files.isExecutable(file)) {
          return Optional.of(file);
        }
      } catch (InvalidPathException _) {
        // A folder on the path that cannot be one is nothing to worry about.
      }
    }
    return Optional.empty();
  }

  private static String output(Path binary) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(binary.toString(), "-machine", "help")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      process.getOutputStream().close();
      byte[] said = process.getInputStream().readNBytes(MOST_OUTPUT);
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IOException("it did not answer");
      }
      return new String(said, StandardCharsets.UTF_8);
    } finally {
      process.destroyForcibly();
    }
  }
}
