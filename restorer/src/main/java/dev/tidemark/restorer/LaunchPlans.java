// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.restorer.launch.CommandLinePlan;
import dev.tidemark.restorer.launch.CommandLinePlan.Policy;
import dev.tidemark.restorer.launch.QemuCommandLine;
import dev.tidemark.restorer.launch.QemuProcess;
import dev.tidemark.restorer.preflight.Finding;
import dev.tidemark.restorer.preflight.Preflight;
import dev.tidemark.restorer.preflight.PreflightRefused;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Finds out which program to start, where, and with what arguments.
final class LaunchPlans {
  private static final Path HERE = Path.of("").toAbsolutePath();

  private LaunchPlans() {}

  /// Where a command line comes from.
  ///
  /// @param executable the program as named; absent if it is to be found
  record Source(
      Policy policy,
      Optional<Path> executable,
      QemuCommandLine commandLine,
      Path workingDirectory) {
    /// Whether a `-S` in it means that the restored VM stays paused: in a saved one it says only
    /// how the saved VM was started.
    boolean keepsPause() {
      return policy == Policy.GIVEN;
    }
  }

  static Source saved(Checkpoint checkpoint) throws PreflightRefused {
    Manifest.CommandLine line =
        Restorer.savedCommandLine(checkpoint)
            .orElseThrow(
                () -> refused("the checkpoint holds no command line; give one: -- QEMU-ARGUMENTS"));
    if (!line.removed().isEmpty()) {
      throw refused(
          "secrets were removed from the saved command line ("
              + String.join(", ", line.removed())
              + "); give the whole one: -- QEMU-ARGUMENTS");
    }
    return new Source(
        Policy.SAVED,
        Optional.of(Path.of(line.executable())).filter(Files::isExecutable),
        QemuCommandLine.parse(line.arguments()),
        Path.of(line.workingDirectory()));
  }

  static Source given(Checkpoint checkpoint, List<String> arguments) {
    boolean named = !arguments.isEmpty() && !arguments.getFirst().startsWith("-");
    if (named) {
      String program = arguments.getFirst();
      Path path =
          program.contains("/")
              ? HERE.resolve(program)
              : QemuProcess.onPath(program).orElse(HERE.resolve(program));
      return new Source(
          Policy.GIVEN,
          Optional.of(path),
          QemuCommandLine.parse(arguments.subList(1, arguments.size())),
          HERE);
    }
    Optional<Path> saved =
        Restorer.savedCommandLine(checkpoint)
            .map(line -> Path.of(line.executable()))
            .filter(Files::isExecutable);
    return new Source(Policy.GIVEN, saved, QemuCommandLine.parse(arguments), HERE);
  }

  static Preflight.Target target(Checkpoint checkpoint, Source source, Path runFolder)
      throws PreflightRefused {
    Path executable =
        source.executable().isPresent() ? source.executable().get() : find(checkpoint);
    return new Preflight.Target(
        executable,
        source.workingDirectory(),
        CommandLinePlan.of(
            source.commandLine(),
            source.policy(),
            runFolder,
            checkpoint.configuration().machineType()));
  }

  private static Path find(Checkpoint checkpoint) throws PreflightRefused {
    String target = checkpoint.manifest().map(Manifest::target).orElse("x86_64");
    String name = "qemu-system-" + target;
    return QemuProcess.onPath(name)
        .orElseThrow(() -> refused(name + ": not installed, or not on PATH"));
  }

  private static PreflightRefused refused(String line) {
    return new PreflightRefused(List.of(Finding.refusal(line)));
  }
}
