// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

/// How the blocks of an archive's body are compressed.
public enum Compression {
  /// LZ4: fast; a block that does not get smaller is stored. The body is an LZ4 frame.
  LZ4,
  /// zstd: smaller files, slower to write. The body is zstd frames.
  ZSTD,
  /// Every block is stored, in an LZ4 frame.
  NONE
}
