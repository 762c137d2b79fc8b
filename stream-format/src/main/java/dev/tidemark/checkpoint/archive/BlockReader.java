// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// Reads archive blocks, one at a time, and keeps the last. Used by one thread at a time.
final class BlockReader {
  static final String CONTEXT = "archive block";

  private final ArchiveInput input;
  private final BlockTable table;
  private final Slab encoded;
  private final BlockDecoder decoder;

  private long block = -1;

  BlockReader(ArchiveInput input, BlockTable table, BodyEncoding encoding, int blockContent) {
    this.input = input;
    this.table = table;
    this.encoded = Slab.allocate(encoding.mostPiece(blockContent));
    this.decoder = encoding.newDecoder(blockContent);
  }

  /// The block it holds, or -1.
  long block() {
    return block;
  }

  /// What has its content.
  BlockDecoder decoder() {
    return decoder;
  }

  /// The segment that has the content, from [#start] on, [#length] bytes.
  MemorySegment content() {
    return decoder.content();
  }

  int start() {
    return decoder.start();
  }

  int length() {
    return decoder.length();
  }

  /// Reads and checks a block, unless it is the one at hand.
  ///
  /// @param wanted a block of the table
  void load(long wanted) throws IOException {
    if (block == wanted) {
      return;
    }
    block = -1;
    long offset = table.offset(wanted);
    int pieceLength = table.length(wanted);
    input.read(offset, encoded.segment().asSlice(0, pieceLength), CONTEXT);
    decoder.decode(encoded, pieceLength, offset);
    block = wanted;
  }

  static StreamException wrongSize(long fileOffset) {
    return malformed("block size that the table of blocks does not have", fileOffset);
  }

  static StreamException wrongChecksum(long fileOffset) {
    return malformed("block checksum wrong", fileOffset);
  }

  static StreamException undecodable(long fileOffset) {
    return malformed("block does not decompress", fileOffset);
  }

  private static StreamException malformed(String what, long fileOffset) {
    return new StreamException.Malformed(what, fileOffset, CONTEXT);
  }

  /// Where the page at an index entry starts in [#content], once it is sure that it is that page.
  ///
  /// @param location a location in the block at hand
  /// @return offset in [#content]
  long pageAt(long location, RamLayout layout, int ramBlock, long pageOffset)
      throws StreamException {
    int data = PageLocation.offset(location);
    int start = start();
    if (data + layout.pageSize() > length()
        || !RecordPlaces.isRecordOf(content(), start, data, pageOffset, layout.name(ramBlock))) {
      throw RecordPlaces.wrongRecord(
          pageOffset, layout.blocks().get(ramBlock).idstr(), table.offset(block));
    }
    return (long) start + data;
  }
}
