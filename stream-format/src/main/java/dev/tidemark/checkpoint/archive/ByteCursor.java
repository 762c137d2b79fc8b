// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.stream.StreamException;
import java.util.Arrays;

/// Reads fields out of a section's payload; whatever is wrong is [StreamException.Malformed].
/// Little-endian.
final class ByteCursor {
  private final byte[] bytes;
  private final int end;
  private final long fileOffset;
  private final String context;
  private int at;

  /// A cursor over all of an array.
  ///
  /// @param fileOffset where the array's first byte stands in the file, for messages
  ByteCursor(byte[] bytes, int start, int end, long fileOffset, String context) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.fileOffset = fileOffset;
    this.context = context;
  }

  int remaining() {
    return end - at;
  }

  private int take(int n) throws StreamException {
    if (n < 0 || n > end - at) {
      throw malformed("a field reaches beyond its section");
    }
    int from = at;
    at += n;
    return from;
  }

  StreamException malformed(String what) {
    return new StreamException.Malformed(what, fileOffset + at, context);
  }

  StreamException limit(String what) {
    return new StreamException.LimitExceeded(what, fileOffset + at, context);
  }

  int u8() throws StreamException {
    return bytes[take(1)] & 0xff;
  }

  int u32() throws StreamException {
    return Bytes.getInt(bytes, take(4));
  }

  long u64() throws StreamException {
    return Bytes.getLong(bytes, take(8));
  }

  /// A count or length of 64 bits: refused above `max`.
  long count(long max, String name) throws StreamException {
    int from = take(8);
    long value = Bytes.getLong(bytes, from);
    if (value < 0 || value > max) {
      at = from;
      throw malformed(name + " of " + Long.toUnsignedString(value) + " where " + max + " fit");
    }
    return value;
  }

  byte[] bytes(int length) throws StreamException {
    int from = take(length);
    return Arrays.copyOfRange(bytes, from, from + length);
  }

  long varint() throws StreamException {
    long value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      int b = u8();
      value |= (long) (b & 0x7f) << shift;
      if (b < 0x80) {
        return value;
      }
    }
    throw malformed("a number of more than 63 bits");
  }

  void expectEnd() throws StreamException {
    if (at != end) {
      throw malformed((end - at) + " bytes too many");
    }
  }
}
