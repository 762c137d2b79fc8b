// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer;

import dev.tidemark.qmp.QmpAddress;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.restorer.launch.Replacement;
import dev.tidemark.restorer.preflight.Finding;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// A VM that has been brought back.
///
/// @param process the QEMU process; absent where it had been waiting and cannot be seen
/// @param qmp its monitor, free for a client
/// @param runFolder the folder of its sockets, logs and pid file; absent where it had been waiting
/// @param commandLine the program and arguments that were started; empty where it had been waiting
/// @param replacements what of the saved command line was replaced by what
/// @param warnings what pre-flight found and let pass
/// @param runState the run state after the restore
/// @param timings how long it took
public record Restoration(
    Optional<ProcessHandle> process,
    QmpAddress qmp,
    Optional<Path> runFolder,
    List<String> commandLine,
    List<Replacement> replacements,
    List<Finding> warnings,
    RunState runState,
    Timings timings) {
  /// Copies the lists.
  public Restoration {
    commandLine = List.copyOf(commandLine);
    replacements = List.copyOf(replacements);
    warnings = List.copyOf(warnings);
  }

  /// Whether the guest runs.
  public boolean running() {
    return runState == RunState.Known.RUNNING;
  }

  /// How long a restore took, from the moment that QEMU was started; where it had been waiting,
  /// from the moment that the connection to it was begun.
  ///
  /// @param untilConnected until its monitor answered
  /// @param untilSent until the last byte of the checkpoint was sent
  /// @param untilDone until the VM was in its run state
  /// @param bytesSent length of the stream that was sent
  public record Timings(
      Duration untilConnected, Duration untilSent, Duration untilDone, long bytesSent) {}
}
