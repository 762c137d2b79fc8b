// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Goes through a body block by block, without the table of blocks, as far as its bytes are there.
///
/// A block that is damaged is passed over: what comes next is the first whole block found at or
/// behind its end, or, where its size cannot be believed, at any byte behind its start.
final class BodyWalk {
  private static final String CONTEXT = "body";
  private static final int MAGIC_SIZE = 4;

  private final ArchiveInput input;
  private final BodyEncoding encoding;
  private final int blockContent;
  private final int mostPiece;
  private final Slab encoded;
  private final MemorySegment bytes;
  private final BlockDecoder decoder;

  private long at;
  private long offset;
  private long damaged;
  private long firstDamage = -1;
  private boolean ended;

  /// A walk from the body's first block on.
  BodyWalk(ArchiveInput input, ArchiveHeader header) {
    this.input = input;
    this.encoding = header.encoding();
    this.blockContent = header.blockContent();
    this.mostPiece = encoding.mostPiece(blockContent);
    this.encoded = Slab.allocate(mostPiece);
    this.bytes = encoded.segment();
    this.decoder = encoding.newDecoder(blockContent);
    this.at = (long) HeaderDescriptor.SIZE + encoding.header(blockContent).length;
  }

  /// Goes on to the next whole block.
  ///
  /// @return false if there is none
  boolean next() throws IOException {
    while (at < input.size() && !isEnd(at)) {
      int available = fill(at);
      int length = encoding.blockLength(bytes, available, blockContent);
      if (length > 0 && decodes(length, at)) {
        offset = at;
        at += length;
        return true;
      }
      long found = behind(at, length);
      if (found < 0 && length == BodyEncoding.CUT && at + available == input.size()) {
        return false;
      }
      damaged(at);
      at = found < 0 ? input.size() : found;
    }
    ended = at < input.size();
    return false;
  }

  /// Notes that a block is of no use.
  void damaged(long where) {
    damaged++;
    firstDamage = firstDamage < 0 ? where : firstDamage;
  }

  /// Where the next whole block, or the body's end, is behind a damaged block; -1 if nowhere near.
  private long behind(long start, int length) throws IOException {
    if (length > 0 && (isWholeBlock(start + length) || isEnd(start + length))) {
      return start + length;
    }
    long last = Math.min(input.size() - 1, start + 2L * mostPiece);
    byte[] near = input.bytes(start, (int) (Math.min(input.size(), last + 16) - start), CONTEXT);
    MemorySegment segment = Bytes.segment(near);
    for (long candidate = start + 1; candidate <= last; candidate++) {
      int skip = (int) (candidate - start);
      int rest = near.length - skip;
      // CUT: there may be more of it than is looked at here.
      boolean likely =
          encoding.blockLength(segment.asSlice(skip), rest, blockContent) != BodyEncoding.NO_BLOCK;
      if ((likely && isWholeBlock(candidate)) || (rest >= 8 && isEndBeforeSection(candidate))) {
        return candidate;
      }
    }
    return -1;
  }

  private boolean isWholeBlock(long start) throws IOException {
    int available = fill(start);
    int length = encoding.blockLength(bytes, available, blockContent);
    return length > 0 && decodes(length, start);
  }

  private int fill(long start) throws IOException {
    int available = Math.clamp(input.size() - start, 0, mostPiece);
    input.read(start, bytes.asSlice(0, available), CONTEXT);
    return available;
  }

  private boolean decodes(int length, long start) {
    try {
      decoder.decode(encoded, length, start);
      return true;
    } catch (StreamException e) {
      return false;
    }
  }

  /// Whether the body ends at an offset: its end mark, then a section; or a mark that has bytes,
  /// and
  /// less than would tell.
  private boolean isEnd(long start) throws IOException {
    int mark = encoding.endMark().length;
    return hasEndMark(start)
        && (input.size() - start - mark < MAGIC_SIZE ? mark > 0 : hasSection(start + mark));
  }

  private boolean isEndBeforeSection(long start) throws IOException {
    long behind = start + encoding.endMark().length;
    return hasEndMark(start) && input.size() - behind >= MAGIC_SIZE && hasSection(behind);
  }

  private boolean hasEndMark(long start) throws IOException {
    byte[] mark = encoding.endMark();
    return start + mark.length <= input.size()
        && Arrays.equals(mark, input.bytes(start, mark.length, CONTEXT));
  }

  private boolean hasSection(long start) throws IOException {
    byte[] magic = input.bytes(start, MAGIC_SIZE, CONTEXT);
    return Bytes.getInt(magic, 0) == SectionDescriptor.FRAME_MAGIC;
  }

  /// What has the block's content.
  BlockDecoder block() {
    return decoder;
  }

  /// Where the block stands in the file.
  long offset() {
    return offset;
  }

  /// Where it goes on.
  long position() {
    return at;
  }

  /// How many blocks were of no use.
  long damagedBlocks() {
    return damaged;
  }

  /// Where the first of these stands; -1 if there is none.
  long firstDamage() {
    return firstDamage;
  }

  /// Whether the body's end was reached.
  boolean hasEnded() {
    return ended;
  }
}
