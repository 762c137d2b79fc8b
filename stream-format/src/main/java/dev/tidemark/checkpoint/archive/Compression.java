// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

/// How the blocks of an archive's body are compressed. Either way the body is an LZ4 frame.
public enum Compression {
  /// LZ4; a block that does not get smaller is stored.
  LZ4,
  /// Every block is stored.
  NONE
}
