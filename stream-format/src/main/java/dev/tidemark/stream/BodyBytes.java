// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import java.io.IOException;

/// Reads a body of unknown length and keeps what it reads. Every length is checked against what the
/// body may still have before it sizes anything.
final class BodyBytes {
  private final StreamWindow in;
  private final GrowingBytes kept = new GrowingBytes(64);
  private final int limit;
  private final long start;
  final String context;

  /// @param limit most bytes of the body
  /// @param context what is being read
  BodyBytes(StreamWindow in, int limit, String context) {
    this.in = in;
    this.limit = limit;
    this.context = context;
    this.start = in.streamOffset();
  }

  byte[] toArray() {
    return kept.toArray();
  }

  /// Stream offset of the next byte.
  long streamOffset() {
    return in.streamOffset();
  }

  int u8() throws IOException {
    room(1, streamOffset());
    int value = in.u8(context);
    kept.u8(value);
    return value;
  }

  int be16() throws IOException {
    room(2, streamOffset());
    int value = in.be16(context);
    kept.be16(value);
    return value;
  }

  int be32() throws IOException {
    room(4, streamOffset());
    int value = in.be32(context);
    kept.be32(value);
    return value;
  }

  long be64() throws IOException {
    room(8, streamOffset());
    long value = in.be64(context);
    kept.be64(value);
    return value;
  }

  /// Keeps a counted string.
  void countedString() throws IOException {
    bytes(u8(), streamOffset() - 1);
  }

  /// Keeps bytes whose number stands at `lengthAt`; the number is unsigned.
  void bytes(long count, long lengthAt) throws IOException {
    room(count, lengthAt);
    for (long left = count; left > 0; ) {
      in.require(1, context);
      int piece = (int) Math.min(left, in.remaining());
      kept.take(in, piece);
      left -= piece;
    }
  }

  private void room(long count, long at) throws StreamException {
    if (count < 0 || count > limit - kept.size()) {
      throw new StreamException.LimitExceeded(
          "body of more than " + limit + " bytes, begun at 0x" + Long.toHexString(start),
          at,
          context);
    }
  }

  StreamException malformed(String what, long at) {
    return in.malformed(what, at, context);
  }
}
