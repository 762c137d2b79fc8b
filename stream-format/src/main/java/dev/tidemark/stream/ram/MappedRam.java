// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.ram;

import dev.tidemark.stream.StreamException;

/// Where a RAM block's pages stand in a file made with the `mapped-ram` capability.
///
/// Format: `MappedRamHeader` in `migration/ram.c`, QEMU 10.0.2.
///
/// @param bitmapOffset file offset of the bitmap: a bit for each target page, set if it is stored
/// @param pagesOffset file offset of the block's first page; page `i` stands at `pagesOffset + i *
///     targetPageSize`
public record MappedRam(long bitmapOffset, long pagesOffset) {
  /// What is wrong with a file none of whose pages is marked as stored, and which has no RAM END.
  ///
  /// @param streamOffset of RAM START
  public static StreamException emptyBitmaps(long streamOffset) {
    return new StreamException.Unsupported(
        "mapped-ram file of a background snapshot: no page is marked as stored, though all are;"
            + " it can be repaired by setting the bits of its bitmaps",
        streamOffset,
        "checkpoint");
  }
}
