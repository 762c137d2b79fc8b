// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.stream.ram.RamBlock;
import java.util.List;
import java.util.Optional;

/// What stands in the stream before its first page; known when an archive is begun.
///
/// @param configuration the configuration section's bytes after its `0x07`, never shared; absent
///     where the stream has none
/// @param earlySections whole records between configuration and RAM, as in the stream, never
///     shared; often empty
/// @param ramBlocks the RAM blocks in block-list order, [RamBlock#index] being the position
/// @param targetPageSize target page size in bytes, a power of two
/// @param ramSectionId the section id of RAM
/// @param footers whether sections have footers
public record ArchivePrologue(
    Optional<byte[]> configuration,
    byte[] earlySections,
    List<RamBlock> ramBlocks,
    int targetPageSize,
    int ramSectionId,
    boolean footers) {

  /// Keeps its own list of blocks.
  public ArchivePrologue {
    ramBlocks = List.copyOf(ramBlocks);
  }
}
