// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer;

import dev.tidemark.restorer.launch.QemuProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// How a checkpoint is brought back. Starts with [#DEFAULT]; each `with` method changes one thing.
///
/// @param mode when the guest runs
/// @param paused whether the guest is to stay paused, whatever it was when saved
/// @param target the QEMU that takes the checkpoint
/// @param runFolder the folder for the VM's sockets, logs and pid file, which must be new or empty;
///     a new one in the temporary folder if absent
/// @param stdio where the output of a QEMU that is started goes
/// @param deadline how long it may take until the guest runs
/// @param progress is told how far it is
public record RestoreOptions(
    RestoreMode mode,
    boolean paused,
    RestoreTarget target,
    Optional<Path> runFolder,
    QemuProcess.Stdio stdio,
    Duration deadline,
    RestoreProgress progress) {
  /// Eager, from the manifest's command line, in the run state it was saved in, within an hour.
  public static final RestoreOptions DEFAULT =
      new RestoreOptions(
          RestoreMode.EAGER,
          false,
          new RestoreTarget.Saved(),
          Optional.empty(),
          QemuProcess.Stdio.LOG,
          Duration.ofHours(1),
          RestoreProgress.NONE);

  /// Checks that the deadline is positive.
  public RestoreOptions {
    if (!deadline.isPositive()) {
      throw new IllegalArgumentException("the deadline must be positive: " + deadline);
    }
  }

  /// These options with another pausedness.
  ///
  /// @param stayPaused whether the guest is to stay paused
  public RestoreOptions withPaused(boolean stayPaused) {
    return new RestoreOptions(mode, stayPaused, target, runFolder, stdio, deadline, progress);
  }

  /// These options with another target.
  ///
  /// @param other the QEMU that takes the checkpoint
  public RestoreOptions withTarget(RestoreTarget other) {
    return new RestoreOptions(mode, paused, other, runFolder, stdio, deadline, progress);
  }

  /// These options with a run folder.
  ///
  /// @param folder a folder that is new or empty
  public RestoreOptions withRunFolder(Path folder) {
    return new RestoreOptions(mode, paused, target, Optional.of(folder), stdio, deadline, progress);
  }

  /// These options with another place for QEMU's output.
  ///
  /// @param where where it goes
  public RestoreOptions withStdio(QemuProcess.Stdio where) {
    return new RestoreOptions(mode, paused, target, runFolder, where, deadline, progress);
  }

  /// These options with another deadline.
  ///
  /// @param limit how long it may take until the guest runs
  public RestoreOptions withDeadline(Duration limit) {
    return new RestoreOptions(mode, paused, target, runFolder, stdio, limit, progress);
  }

  /// These options with a listener.
  ///
  /// @param listener is told how far it is
  public RestoreOptions withProgress(RestoreProgress listener) {
    return new RestoreOptions(mode, paused, target, runFolder, stdio, deadline, listener);
  }
}
