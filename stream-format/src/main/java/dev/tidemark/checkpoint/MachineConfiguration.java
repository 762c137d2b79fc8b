// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import dev.tidemark.stream.StreamException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;

/// The stream's configuration section.
///
/// Format: `vmstate_configuration` in `migration/savevm.c`, QEMU 10.0.2.
///
/// @param machineType machine type name, such as `pc-i440fx-10.0`; empty where the stream has no
///     configuration section
/// @param targetPageBits base-2 logarithm of the target page size where the section says it
/// @param capabilities the validated capabilities that were on, as QAPI spells them
/// @param uuid the VM's uuid, only where `validate-uuid` was on
public record MachineConfiguration(
    String machineType,
    OptionalInt targetPageBits,
    List<String> capabilities,
    Optional<UUID> uuid) {
  /// What a stream written for a destination says: without `mapped-ram`, which is how its pages are
  /// stored, not what they are.
  ///
  /// @throws StreamException.Unsupported if a part of RAM is in other files
  public MachineConfiguration forDestination() throws StreamException {
    if (capabilities.contains("x-ignore-shared")) {
      throw new StreamException.Unsupported(
          "x-ignore-shared: a part of RAM is in other files", 0, "configuration");
    }
    return new MachineConfiguration(
        machineType,
        targetPageBits,
        capabilities.stream().filter(name -> !name.equals("mapped-ram")).toList(),
        uuid);
  }
}
