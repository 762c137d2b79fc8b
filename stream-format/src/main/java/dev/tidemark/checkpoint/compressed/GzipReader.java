// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.compressed;

import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// Reads gzip members one behind another; zeroes behind them are passed over, as `gzip` does.
///
/// Format: RFC 1952.
final class GzipReader extends InputStream {
  private static final int MAGIC = 0x1f8b;
  private static final int DEFLATE = 8;
  private static final int HEADER_CRC = 2;
  private static final int EXTRA = 4;
  private static final int NAME = 8;
  private static final int COMMENT = 16;
  private static final int RESERVED = 0xe0;
  private static final int SIZE_TIME_AND_SYSTEM = 6;
  private static final String HEADER = "gzip header";

  private final CompressedInput in;
  private final Inflater inflater = new Inflater(true);
  private final CRC32 crc = new CRC32();
  private final byte[] input = new byte[1 << 13];
  private final byte[] one = new byte[1];
  private final CRC32 headerCrc = new CRC32();
  private boolean over;

  GzipReader(CompressedInput in) throws IOException {
    this.in = in;
    header();
  }

  private void header() throws IOException {
    long start = in.position();
    headerCrc.reset();
    if ((u8() << 8 | u8()) != MAGIC) {
      throw new StreamException.Malformed("something else behind gzip data", start, HEADER);
    }
    int method = u8();
    int flags = u8();
    if (method != DEFLATE || (flags & RESERVED) != 0) {
      throw new StreamException.Unsupported(
          "gzip method %d with flags 0x%x".formatted(method, flags), start, HEADER);
    }
    for (int i = 0; i < SIZE_TIME_AND_SYSTEM; i++) {
      u8();
    }
    if ((flags & EXTRA) != 0) {
      for (int left = u8() | u8() << 8; left > 0; left--) {
        u8();
      }
    }
    if ((flags & NAME) != 0) {
      text();
    }
    if ((flags & COMMENT) != 0) {
      text();
    }
    if ((flags & HEADER_CRC) != 0) {
      int expected = (int) headerCrc.getValue() & 0xffff;
      if (in.le16(HEADER) != expected) {
        throw new StreamException.Malformed("wrong checksum", in.position() - 2, HEADER);
      }
    }
    inflater.reset();
    crc.reset();
  }

  private int u8() throws IOException {
    int value = in.u8(HEADER);
    headerCrc.update(value);
    return value;
  }

  private void text() throws IOException {
    while (u8() != 0) {
      // Up to the NUL.
    }
  }

  @Override
  public int read() throws IOException {
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int from, int length) throws IOException {
    while (!over) {
      int got;
      try {
        got = inflater.inflate(target, from, length);
      } catch (DataFormatException e) {
        throw new IOException(e.getMessage(), e);
      }
      if (got > 0) {
        crc.update(target, from, got);
        return got;
      }
      if (inflater.finished()) {
        trailer();
      } else if (inflater.needsDictionary()) {
        throw new IOException("preset dictionary");
      } else if (inflater.needsInput()) {
        input();
      }
    }
    return -1;
  }

  /// One piece of input, of which what stands behind the member is read again.
  private void input() throws IOException {
    byte[] next = in.peek(1);
    if (next.length == 0) {
      throw new StreamException.Truncated("compressed data ends", in.position(), "gzip data");
    }
    int count = in.read(input, 0, Math.min(input.length, in.available()));
    inflater.setInput(input, 0, count);
  }

  private void trailer() throws IOException {
    in.back(inflater.getRemaining());
    long at = in.position();
    if (in.le32("gzip trailer") != (int) crc.getValue()) {
      throw new StreamException.Malformed("wrong checksum", at, "gzip trailer");
    }
    if (in.le32("gzip trailer") != (int) inflater.getBytesWritten()) {
      throw new StreamException.Malformed("wrong length", at + Integer.BYTES, "gzip trailer");
    }
    boolean padded = false;
    while (in.peek(1).length > 0 && in.peek(1)[0] == 0) {
      in.u8("gzip padding");
      padded = true;
    }
    if (in.atEnd()) {
      over = true;
    } else if (padded) {
      throw new StreamException.Malformed(
          "something else behind gzip data", in.position(), "gzip padding");
    } else {
      header();
    }
  }

  @Override
  public void close() {
    over = true;
    inflater.end();
  }
}
