// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.stream.StreamException;
import java.lang.foreign.MemorySegment;

/// Checks and decompresses archive blocks, one at a time. Used by one thread at a time; allocates
/// nothing for a block.
interface BlockDecoder {
  /// Checks and decompresses a block. Its content is there until the next one.
  ///
  /// @param encoded the block as it stands in the file, from its first byte on
  /// @param pieceLength bytes of the block in the file, as the table of blocks has them
  /// @param fileOffset where it stands, for messages
  void decode(Slab encoded, int pieceLength, long fileOffset) throws StreamException;

  /// The segment that has the content, from [#start] on, [#length] bytes.
  MemorySegment content();

  /// Where the content starts.
  int start();

  /// Bytes of content.
  int length();
}
