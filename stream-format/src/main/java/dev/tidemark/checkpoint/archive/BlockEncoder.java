// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

/// Makes archive blocks. Used by one thread; allocates nothing for a block.
interface BlockEncoder {
  /// Where a block's content starts in its slab, so that a block which is stored needs no copy.
  int HEAD = Lz4FrameDescriptor.SIZE_WORD_SIZE;

  /// Room behind the content.
  int TAIL = Lz4FrameDescriptor.CHECKSUM_SIZE;

  /// Encodes a block.
  ///
  /// @param plain its content, from [#HEAD] on
  /// @param length bytes of content
  /// @param encoded takes the block as it stands in the file, unless it is stored
  /// @return bytes of the block in the file
  int encode(Slab plain, int length, Slab encoded);

  /// Whether the last block was stored, that is, stands in `plain` from its first byte on.
  boolean isStored();
}
