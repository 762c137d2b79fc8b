// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.stream.StreamException;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/// A part of the page index or of the table of archive blocks, compressed and unpacked.
///
/// @param first number of the first page or block
/// @param count how many pages or blocks
/// @param runs how many runs, in the page index
/// @param raw the packed numbers
/// @param rawLength how many bytes of `raw` count
record PackedPart(long first, long count, int runs, byte[] raw, int rawLength) {
  private static final LZ4Compressor COMPRESSOR = LZ4Factory.fastestInstance().fastCompressor();
  private static final LZ4SafeDecompressor DECOMPRESSOR =
      LZ4Factory.fastestInstance().safeDecompressor();

  /// The payload of a section that holds it.
  byte[] payload() {
    byte[] compressed = COMPRESSOR.compress(raw, 0, rawLength);
    return new ByteSink()
        .u64(first)
        .u64(count)
        .u32(runs)
        .u32(rawLength)
        .bytes(compressed)
        .toByteArray();
  }

  /// Takes a section's payload apart; at most [PageIndexDescriptor#MAX_RAW] bytes come of it.
  static PackedPart of(SectionPayload payload) throws StreamException {
    ByteCursor cursor = payload.cursor();
    long first = cursor.count(Long.MAX_VALUE, "first number");
    long count = cursor.count(Long.MAX_VALUE, "number of entries");
    int runs = cursor.u32();
    int rawLength = cursor.u32();
    if (runs < 0 || rawLength < 0 || rawLength > PageIndexDescriptor.MAX_RAW) {
      throw cursor.malformed("a part of " + rawLength + " bytes and " + runs + " runs");
    }
    byte[] compressed = cursor.bytes(cursor.remaining());
    byte[] raw = new byte[rawLength];
    try {
      int length = DECOMPRESSOR.decompress(compressed, 0, compressed.length, raw, 0, rawLength);
      if (length != rawLength) {
        throw cursor.malformed("a part of " + length + " bytes that says " + rawLength);
      }
    } catch (LZ4Exception e) {
      throw cursor.malformed("a part that does not decompress");
    }
    return new PackedPart(first, count, runs, raw, rawLength);
  }

  /// Reads the packed numbers.
  ///
  /// @param fileOffset where the section stands, for messages
  ByteCursor numbers(long fileOffset, String context) {
    return new ByteCursor(raw, 0, rawLength, fileOffset, context);
  }
}
