// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

/// How an archive is written.
///
/// @param compression how blocks are compressed
/// @param blockContent most bytes of content in a block: 64 KiB or 256 KiB
/// @param pageIndexLimit most bytes of native memory for the page index while writing, 8 a page
/// @param zstdLevel zstd's compression level, 1 to 19; says nothing of other compressions
public record ArchiveOptions(
    Compression compression, int blockContent, long pageIndexLimit, int zstdLevel) {
  /// The highest level that needs no more memory than others.
  private static final int MOST_LEVEL = 19;

  /// Blocks of at most 64 KiB: the least to read for a single page.
  public static final int BLOCK_64_KIB = 64 << 10;

  /// Blocks of at most 256 KiB: somewhat smaller files.
  public static final int BLOCK_256_KIB = 256 << 10;

  /// LZ4 in blocks of 64 KiB, and an index that has room for 4 TiB of RAM in 4 KiB pages.
  public static final ArchiveOptions DEFAULT =
      new ArchiveOptions(Compression.LZ4, BLOCK_64_KIB, 8L << 30, 1);

  /// Checks block size and level.
  public ArchiveOptions {
    if (blockContent != BLOCK_64_KIB && blockContent != BLOCK_256_KIB) {
      throw new IllegalArgumentException("blocks of " + blockContent + " bytes");
    }
    if (zstdLevel < 1 || zstdLevel > MOST_LEVEL) {
      throw new IllegalArgumentException("zstd level " + zstdLevel + ", not in 1 to " + MOST_LEVEL);
    }
  }

  /// The same with another compression.
  public ArchiveOptions withCompression(Compression other) {
    return new ArchiveOptions(other, blockContent, pageIndexLimit, zstdLevel);
  }

  /// The same with another block size.
  public ArchiveOptions withBlockContent(int bytes) {
    return new ArchiveOptions(compression, bytes, pageIndexLimit, zstdLevel);
  }

  /// The same with another level for zstd.
  public ArchiveOptions withZstdLevel(int level) {
    return new ArchiveOptions(compression, blockContent, pageIndexLimit, level);
  }
}
