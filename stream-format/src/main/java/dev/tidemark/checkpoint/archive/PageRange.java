// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.stream.ram.RamBlock;

/// Pages that follow each other in a RAM block.
///
/// @param block the RAM block
/// @param pageOffset offset of the first page inside the block in bytes
/// @param pages how many there are
public record PageRange(RamBlock block, long pageOffset, long pages) {}
