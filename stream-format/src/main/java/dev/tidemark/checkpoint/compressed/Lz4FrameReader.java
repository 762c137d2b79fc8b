// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.compressed;

import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.io.InputStream;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import net.jpountz.xxhash.StreamingXXHash32;
import net.jpountz.xxhash.XXHash32;
import net.jpountz.xxhash.XXHashFactory;

/// Reads LZ4 frames one behind another, passing over skippable ones. Unlike the library's own
/// reader it takes blocks that refer to those before them, as `lz4 -BD` makes them.
///
/// Format: `doc/lz4_Frame_format.md` of LZ4, version 1.6.
final class Lz4FrameReader extends InputStream {
  private static final int MAGIC = 0x184d2204;
  private static final int SKIPPABLE = 0x184d2a50;
  private static final int SKIPPABLE_MASK = 0xfffffff0;

  private static final int VERSION_MASK = 0xc0;
  private static final int VERSION = 0x40;
  private static final int INDEPENDENT = 0x20;
  private static final int BLOCK_CHECKSUM = 0x10;
  private static final int CONTENT_SIZE = 0x08;
  private static final int CONTENT_CHECKSUM = 0x04;
  private static final int DICTIONARY = 0x01;
  private static final int UNCOMPRESSED = 0x80000000;

  private static final int HISTORY = 1 << 16;
  private static final String HEADER = "lz4 frame header";
  private static final String BLOCK = "lz4 block";

  private final CompressedInput in;
  private final LZ4SafeDecompressor decompressor = LZ4Factory.fastestInstance().safeDecompressor();
  private final XXHash32 hash = XXHashFactory.fastestInstance().hash32();
  private final StreamingXXHash32 content = XXHashFactory.fastestInstance().newStreamingHash32(0);
  private final byte[] one = new byte[1];
  private byte[] stored = {};

  /// What blocks may refer to, and behind it the block.
  private byte[] block = {};

  private int history;
  private int at;
  private int end;
  private int flags;
  private int maxBlock;
  private long declared;
  private long delivered;
  private boolean over;

  Lz4FrameReader(CompressedInput in) throws IOException {
    this.in = in;
    frame();
  }

  /// The header of the next frame that is none to be passed over.
  private void frame() throws IOException {
    while (!in.atEnd()) {
      long start = in.position();
      int magic = in.le32(HEADER);
      if (magic == MAGIC) {
        header(start);
        return;
      }
      if ((magic & SKIPPABLE_MASK) != SKIPPABLE) {
        throw new StreamException.Malformed("something else behind lz4 data", start, HEADER);
      }
      in.skipFully(Integer.toUnsignedLong(in.le32(HEADER)), "skippable lz4 frame");
    }
    over = true;
  }

  private void header(long start) throws IOException {
    byte[] descriptor = new byte[2 + Long.BYTES];
    in.fully(descriptor, 0, 2, HEADER);
    flags = descriptor[0];
    int size = descriptor[1] >>> 4 & 7;
    if ((flags & VERSION_MASK) != VERSION
        || (flags & DICTIONARY) != 0
        || (descriptor[1] & 0x8f) != 0
        || size < 4) {
      throw new StreamException.Unsupported(
          "lz4 frame with flags 0x%02x%02x".formatted(flags & 0xff, descriptor[1] & 0xff),
          start,
          HEADER);
    }
    int length = 2;
    declared = -1;
    if ((flags & CONTENT_SIZE) != 0) {
      in.fully(descriptor, 2, Long.BYTES, HEADER);
      length += Long.BYTES;
      declared = 0;
      for (int i = length - 1; i >= 2; i--) {
        declared = declared << 8 | (descriptor[i] & 0xff);
      }
    }
    int checksum = hash.hash(descriptor, 0, length, 0) >>> 8 & 0xff;
    if (in.u8(HEADER) != checksum) {
      throw new StreamException.Malformed("wrong checksum", in.position() - 1, HEADER);
    }
    maxBlock = 1 << (2 * size + 8);
    if (block.length < HISTORY + maxBlock) {
      block = new byte[HISTORY + maxBlock];
      stored = new byte[maxBlock];
    }
    history = 0;
    at = 0;
    end = 0;
    delivered = 0;
    content.reset();
  }

  @Override
  public int read() throws IOException {
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int from, int length) throws IOException {
    while (at == end && !over) {
      next();
    }
    if (over) {
      return -1;
    }
    int count = Math.min(length, end - at);
    System.arraycopy(block, at, target, from, count);
    at += count;
    return count;
  }

  private void next() throws IOException {
    long start = in.position();
    int size = in.le32(BLOCK);
    if (size == 0) {
      endFrame(start);
      frame();
      return;
    }
    int length = size & ~UNCOMPRESSED;
    if (length > maxBlock) {
      throw new StreamException.Malformed(
          "block of %d bytes, more than %d".formatted(length, maxBlock), start, BLOCK);
    }
    in.fully(stored, 0, length, BLOCK);
    if ((flags & BLOCK_CHECKSUM) != 0 && in.le32(BLOCK) != hash.hash(stored, 0, length, 0)) {
      throw new StreamException.Malformed("wrong checksum", start, BLOCK);
    }
    keepHistory();
    end = history + decode(size, length);
    at = history;
    content.update(block, at, end - at);
    delivered += end - at;
  }

  private int decode(int size, int length) throws IOException {
    if ((size & UNCOMPRESSED) != 0) {
      System.arraycopy(stored, 0, block, history, length);
      return length;
    }
    return (flags & INDEPENDENT) != 0
        ? decompressor.decompress(stored, 0, length, block, history, maxBlock)
        : Lz4Block.decode(stored, length, block, history, history + maxBlock) - history;
  }

  /// The last bytes of what came before go to the start of the array.
  private void keepHistory() {
    if ((flags & INDEPENDENT) != 0) {
      history = 0;
      return;
    }
    int keep = Math.min(end, HISTORY);
    System.arraycopy(block, end - keep, block, 0, keep);
    history = keep;
  }

  private void endFrame(long start) throws IOException {
    if (declared >= 0 && declared != delivered) {
      throw new StreamException.Malformed(
          "frame of %d bytes that should have %d".formatted(delivered, declared), start, BLOCK);
    }
    if ((flags & CONTENT_CHECKSUM) != 0) {
      long position = in.position();
      if (in.le32("lz4 content checksum") != content.getValue()) {
        throw new StreamException.Malformed("wrong checksum", position, "lz4 content checksum");
      }
    }
  }

  @Override
  public void close() {
    over = true;
    content.close();
  }
}
