// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.ram;

import java.util.Optional;
import java.util.OptionalLong;

/// A RAM block with what else its entry in the block list says.
///
/// Format: `ram_save_setup` and `parse_ramblock` in `migration/ram.c`, QEMU 10.0.2.
///
/// @param block the block
/// @param hostPageSize bytes of a page of the memory behind it; only where postcopy was advised and
///     it is not the usual one
/// @param address guest address; only with `x-ignore-shared`
/// @param mappedRam where its pages stand in the file; only with `mapped-ram`
public record RamBlockEntry(
    RamBlock block,
    OptionalLong hostPageSize,
    OptionalLong address,
    Optional<MappedRam> mappedRam) {
  /// An entry with no optional field.
  ///
  /// @param block the block
  public static RamBlockEntry of(RamBlock block) {
    return new RamBlockEntry(block, OptionalLong.empty(), OptionalLong.empty(), Optional.empty());
  }
}
