// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What is noted beside a VM's state when it is saved; JSON in the archive.
///
/// @param tidemarkVersion version of the writer
/// @param created when the save began
/// @param method how it was saved: `precopy`, `stop-copy`
/// @param qemuVersion QEMU's version, such as `10.0.2`
/// @param qemuPackage the distribution's package text in QEMU's greeting; may be empty
/// @param target QEMU's target, such as `x86_64`
/// @param machineType machine type name of the running VM
/// @param runState the run state the VM was in before the save, such as `running` or `paused`
/// @param capabilities migration capabilities that were on during the save
/// @param memoryMap the lines of `info mtree -f`; empty if they could not be had
/// @param commandLine the QEMU process's command line; absent where it could not be seen
/// @param disks the writable and read-only disks attached when the VM was saved
/// @param timing times and pauses measured up to the moment the manifest was written
public record Manifest(
    String tidemarkVersion,
    Instant created,
    String method,
    String qemuVersion,
    String qemuPackage,
    String target,
    String machineType,
    String runState,
    List<String> capabilities,
    List<String> memoryMap,
    Optional<CommandLine> commandLine,
    List<Disk> disks,
    Timing timing) {

  /// A QEMU process's command line.
  ///
  /// @param executable the binary's path
  /// @param arguments the arguments, without the program's name
  /// @param workingDirectory the process's working folder
  /// @param removed names of the values that were removed since they are secrets
  public record CommandLine(
      String executable, List<String> arguments, String workingDirectory, List<String> removed) {}

  /// A disk.
  ///
  /// @param device block device or node name
  /// @param file the image's file name as QEMU tells it
  /// @param format the image's format, such as `qcow2`
  /// @param readOnly whether the guest cannot write it
  public record Disk(String device, String file, String format, boolean readOnly) {}

  /// What the save cost, as far as it was known when the manifest was written.
  ///
  /// @param pause from STOP to RESUME by QEMU's timestamps; absent where the VM was not running
  /// @param streamTime from `migrate` accepted to the last byte of the stream
  /// @param pagesReceived page records received, zero pages included
  /// @param pagesResent of these, how many replaced an earlier version
  public record Timing(
      Optional<Duration> pause, Duration streamTime, long pagesReceived, long pagesResent) {}
}
