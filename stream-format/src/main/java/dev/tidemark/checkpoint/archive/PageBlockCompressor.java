// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

/// Compresses blocks of pages. One for each thread that does so; allocates nothing.
public final class PageBlockCompressor {
  private final BlockEncoder encoder;

  PageBlockCompressor(BlockEncoder encoder) {
    this.encoder = encoder;
  }

  /// Fills in the block's compressed form, with its checksum.
  ///
  /// @param block a block that is not empty; it can be written next, and not be added to
  public void compress(PageBlock block) {
    if (block.isEmpty()) {
      throw new IllegalArgumentException("block is empty");
    }
    int length = encoder.encode(block.plain(), block.contentBytes(), block.encoded());
    block.encodedAs(encoder.isStored(), length);
  }
}
