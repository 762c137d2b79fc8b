// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.compressed;

import java.io.IOException;

/// Decodes an LZ4 block that refers to bytes before it.
///
/// Format: `doc/lz4_Block_format.md` of LZ4: sequences of a token (length of literals, length of a
/// match less 4), literals, and the distance of the match; the last one is literals only.
final class Lz4Block {
  private static final int LONG = 15;
  private static final int MIN_MATCH = 4;

  private final byte[] in;
  private final int inEnd;
  private final byte[] out;
  private final int outEnd;
  private int from;
  private int to;

  private Lz4Block(byte[] in, int inEnd, byte[] out, int to, int outEnd) {
    this.in = in;
    this.inEnd = inEnd;
    this.out = out;
    this.to = to;
    this.outEnd = outEnd;
  }

  /// Decodes one.
  ///
  /// @param in holds the block, from its start
  /// @param length bytes of it
  /// @param out holds what the block may refer to, from its start up to `start`
  /// @param start where the decoded bytes go
  /// @param end what they must not go beyond
  /// @return where they end
  static int decode(byte[] in, int length, byte[] out, int start, int end) throws IOException {
    Lz4Block block = new Lz4Block(in, length, out, start, end);
    block.sequences();
    return block.to;
  }

  private void sequences() throws IOException {
    while (true) {
      int token = next();
      literals(length(token >>> 4));
      if (from == inEnd) {
        return;
      }
      int distance = next() | next() << 8;
      match(distance, length(token & LONG) + MIN_MATCH);
    }
  }

  private int next() throws IOException {
    if (from == inEnd) {
      throw new IOException("block ends in a sequence");
    }
    return in[from++] & 0xff;
  }

  /// A length that goes on in further bytes if it is 15.
  private int length(int start) throws IOException {
    int length = start;
    if (start == LONG) {
      int more;
      do {
        more = next();
        length += more;
      } while (more == 0xff);
    }
    return length;
  }

  private void literals(int count) throws IOException {
    if (count > inEnd - from || count > outEnd - to) {
      throw new IOException("literals beyond the block");
    }
    System.arraycopy(in, from, out, to, count);
    from += count;
    to += count;
  }

  private void match(int distance, int count) throws IOException {
    if (distance == 0 || distance > to || count > outEnd - to) {
      throw new IOException("match beyond the block");
    }
    // Doubling what is there, for a match may overlap itself.
    int source = to - distance;
    for (int left = count; left > 0; ) {
      int some = Math.min(left, to - source);
      System.arraycopy(out, source, out, to, some);
      to += some;
      left -= some;
    }
  }
}
