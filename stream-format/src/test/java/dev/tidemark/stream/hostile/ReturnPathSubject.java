// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.stream.StreamLimits;
import dev.tidemark.stream.command.ReturnPathMessage;
import dev.tidemark.stream.command.ReturnPathReader;
import dev.tidemark.stream.command.ReturnPathWriter;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Reads a return path, and writes each message again as it was.
public enum ReturnPathSubject implements Subject {
  /// All that is asked for at once.
  WHOLE(Integer.MAX_VALUE),
  /// A few bytes a read.
  SHORT_READS(3);

  private final int piece;

  ReturnPathSubject(int piece) {
    this.piece = piece;
  }

  @Override
  public void read(byte[] bytes, int length) throws IOException {
    Input input = new Input(bytes, 0, length);
    Input.Copy copy = input.new Copy();
    try (ReturnPathReader in = new ReturnPathReader(input.channel(piece), StreamLimits.DEFAULT);
        ReturnPathWriter out = new ReturnPathWriter(copy)) {
      for (ReturnPathMessage m = in.next(); m != null; m = in.next()) {
        out.write(m);
      }
    }
    copy.whole();
  }

  /// Between two messages: a return path has no end of its own.
  @Override
  public boolean mayEnd(byte[] bytes, int length) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    int at = 0;
    while (at < length) {
      boolean bitmap = in.getShort(at) == 5;
      at += 4 + in.getShort(at + 2);
      if (bitmap) {
        at += 8 + (int) in.getLong(at) + 8;
      }
    }
    return at == length;
  }
}
