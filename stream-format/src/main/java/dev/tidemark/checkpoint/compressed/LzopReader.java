// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.compressed;

import dev.tidemark.stream.StreamException;
import io.airlift.compress.v3.lzo.LzoDecompressor;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.Adler32;
import java.util.zip.CRC32;
import java.util.zip.Checksum;

/// Reads lzop members one behind another; see [LzopDescriptor].
final class LzopReader extends InputStream {
  private static final String HEADER = "lzop header";
  private static final String BLOCK = "lzop block";

  private final CompressedInput in;
  private final LzoDecompressor decompressor = new LzoDecompressor();
  private final byte[] one = new byte[1];
  private byte[] stored = {};
  private byte[] block = {};
  private int at;
  private int end;
  private int flags;
  private boolean over;

  LzopReader(CompressedInput in) throws IOException {
    this.in = in;
    header();
  }

  private void header() throws IOException {
    long start = in.position();
    if (!Arrays.equals(in.peek(LzopDescriptor.MAGIC.length), LzopDescriptor.MAGIC)) {
      throw new StreamException.Malformed("something else behind lzop data", start, HEADER);
    }
    in.skipFully(LzopDescriptor.MAGIC.length, HEADER);
    Header fields = new Header(in);
    int version = fields.u16();
    fields.u16();
    if (version < LzopDescriptor.VERSION_NEEDED) {
      throw new StreamException.Unsupported(
          "lzop format of version 0x" + Integer.toHexString(version), start, HEADER);
    }
    fields.u16();
    int method = fields.u8();
    fields.u8();
    flags = fields.u32();
    if (method < LzopDescriptor.METHOD_LZO1X_1
        || method > LzopDescriptor.METHOD_LZO1X_999
        || (flags & (LzopDescriptor.FLAG_FILTER | LzopDescriptor.FLAG_MULTIPART)) != 0) {
      throw new StreamException.Unsupported(
          "lzop method %d with flags 0x%x".formatted(method, flags), start, HEADER);
    }
    fields.u32();
    fields.skip(LzopDescriptor.SIZE_TIME);
    fields.skip(fields.u8());
    fields.check(flags);
    if ((flags & LzopDescriptor.FLAG_EXTRA_FIELD) != 0) {
      in.skipFully(Integer.toUnsignedLong(in.be32(HEADER)), HEADER);
      in.be32(HEADER);
    }
  }

  /// The fields that the header's checksum is of.
  private static final class Header {
    private final CompressedInput in;
    private final Adler32 adler = new Adler32();
    private final CRC32 crc = new CRC32();

    Header(CompressedInput in) {
      this.in = in;
    }

    int u8() throws IOException {
      int value = in.u8(HEADER);
      adler.update(value);
      crc.update(value);
      return value;
    }

    int u16() throws IOException {
      return u8() << 8 | u8();
    }

    int u32() throws IOException {
      return u16() << 16 | u16();
    }

    void skip(int count) throws IOException {
      for (int i = 0; i < count; i++) {
        u8();
      }
    }

    void check(int flags) throws IOException {
      Checksum sum = (flags & LzopDescriptor.FLAG_HEADER_CRC32) != 0 ? crc : adler;
      long at = in.position();
      if (in.be32(HEADER) != (int) sum.getValue()) {
        throw new StreamException.Malformed("wrong checksum", at, HEADER);
      }
    }
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

  /// Another block, another header, or the end.
  private void next() throws IOException {
    long start = in.position();
    int length = in.be32(BLOCK);
    if (length != 0) {
      block(start, length);
    } else if (in.atEnd()) {
      over = true;
    } else {
      header();
    }
  }

  private void block(long start, int length) throws IOException {
    int storedLength = in.be32(BLOCK);
    if (length < 0 || storedLength <= 0 || storedLength > length) {
      throw new StreamException.Malformed(
          "block of 0x%x bytes in 0x%x".formatted(length, storedLength), start, BLOCK);
    }
    if (length > LzopDescriptor.MAX_BLOCK_BYTES) {
      throw new StreamException.LimitExceeded(
          "block of " + length + " bytes, more than " + LzopDescriptor.MAX_BLOCK_BYTES,
          start,
          BLOCK);
    }
    boolean compressed = storedLength < length;
    int adler = in(LzopDescriptor.FLAG_ADLER32, true);
    int crc = in(LzopDescriptor.FLAG_CRC32, true);
    int storedAdler = in(LzopDescriptor.FLAG_STORED_ADLER32, compressed);
    int storedCrc = in(LzopDescriptor.FLAG_STORED_CRC32, compressed);
    stored = room(stored, storedLength);
    in.fully(stored, 0, storedLength, BLOCK);
    if (compressed) {
      check(LzopDescriptor.FLAG_STORED_ADLER32, new Adler32(), storedAdler, stored, storedLength);
      check(LzopDescriptor.FLAG_STORED_CRC32, new CRC32(), storedCrc, stored, storedLength);
      block = room(block, length);
      int got = decompressor.decompress(stored, 0, storedLength, block, 0, length);
      if (got != length) {
        throw new StreamException.Malformed(
            "block of %d bytes that should have %d".formatted(got, length), start, BLOCK);
      }
    } else {
      byte[] former = block;
      block = stored;
      stored = former;
    }
    check(LzopDescriptor.FLAG_ADLER32, new Adler32(), adler, block, length);
    check(LzopDescriptor.FLAG_CRC32, new CRC32(), crc, block, length);
    at = 0;
    end = length;
  }

  private static byte[] room(byte[] array, int length) {
    return array.length >= length ? array : new byte[length];
  }

  private int in(int flag, boolean there) throws IOException {
    return (flags & flag) != 0 && there ? in.be32(BLOCK) : 0;
  }

  private void check(int flag, Checksum sum, int expected, byte[] bytes, int length)
      throws StreamException {
    if ((flags & flag) == 0) {
      return;
    }
    sum.update(bytes, 0, length);
    if ((int) sum.getValue() != expected) {
      throw new StreamException.Malformed("wrong checksum", in.position(), BLOCK);
    }
  }

  @Override
  public void close() {
    over = true;
    at = end;
  }
}
