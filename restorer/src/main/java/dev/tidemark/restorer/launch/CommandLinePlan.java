// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.launch;

import java.nio.file.Path;
import java.util.List;

/// The command line that a restore will run, what it replaces, what it needs and what stands
/// against it.
///
/// Nothing is looked up to make a plan: not a file, not a port. That is pre-flight's job, from
/// [#needs].
///
/// @param commandLine the command line to run, waiting for the stream and for its QMP client
/// @param qmpSocket the Unix socket on which it will have a monitor
/// @param replacements what was replaced by what, in the order of the options
/// @param needs what must be there, and free, for it to start
/// @param refusals why it must not be run, a line each; empty if it may be
/// @param pauseAsked whether the command line had `-S`
public record CommandLinePlan(
    QemuCommandLine commandLine,
    Path qmpSocket,
    List<Replacement> replacements,
    List<Need> needs,
    List<String> refusals,
    boolean pauseAsked) {
  /// Copies the lists.
  public CommandLinePlan {
    replacements = List.copyOf(replacements);
    needs = List.copyOf(needs);
    refusals = List.copyOf(refusals);
  }

  /// Whose command line it is, which decides how much of it is replaced.
  public enum Policy {
    /// That of a VM which may still be running: whatever it could share with it is replaced or
    /// refused.
    SAVED,
    /// Given for this restore: only what contradicts a restore is replaced, such as `-incoming`.
    GIVEN
  }

  /// Plans a restore.
  ///
  /// @param commandLine what was run, or is given
  /// @param policy which of these it is
  /// @param runFolder the folder where fresh sockets and files will be
  /// @param machineType the machine type that the VM had, such as `pc-i440fx-10.0`, which a saved
  ///     command line may have named by an alias that means another one elsewhere; empty if unknown
  /// @return the plan
  public static CommandLinePlan of(
      QemuCommandLine commandLine, Policy policy, Path runFolder, String machineType) {
    return new Planner(commandLine, policy, runFolder).plan(machineType);
  }
}
