// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.compressed;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;

/// Compresses what is written to it. Data is whole only after [#finish]; a channel that is closed
/// without it leaves data that reads as truncated.
///
/// Used by one thread.
public final class CompressingChannel implements WritableByteChannel {
  private static final int PIECE = 1 << 16;

  private final Beneath beneath;
  private final OutputStream writer;
  private final byte[] piece = new byte[PIECE];
  private boolean open = true;
  private boolean finished;

  CompressingChannel(Codec codec, WritableByteChannel out) throws IOException {
    this.beneath = new Beneath(out);
    this.writer = codec.writer(beneath);
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    if (!open || finished) {
      throw new ClosedChannelException();
    }
    int count = source.remaining();
    if (source.hasArray()) {
      writer.write(source.array(), source.arrayOffset() + source.position(), count);
      source.position(source.limit());
      return count;
    }
    while (source.hasRemaining()) {
      int length = Math.min(PIECE, source.remaining());
      source.get(piece, 0, length);
      writer.write(piece, 0, length);
    }
    return count;
  }

  /// Writes the end of the compressed data; nothing can be written then.
  ///
  /// @throws IOException if it cannot be written
  public void finish() throws IOException {
    if (!finished) {
      finished = true;
      writer.close();
    }
  }

  /// Compressed bytes written so far.
  public long bytesWritten() {
    return beneath.written;
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  /// Gives back what compressing took; the channel beneath stays open.
  @Override
  public void close() throws IOException {
    if (open) {
      open = false;
      if (!finished) {
        // What a library writes when it is closed would make cut data whole.
        beneath.cut = true;
        finish();
      }
    }
  }

  private static final class Beneath extends OutputStream {
    private final WritableByteChannel out;
    private final byte[] one = new byte[1];
    private boolean cut;
    private long written;

    Beneath(WritableByteChannel out) {
      this.out = out;
    }

    @Override
    public void write(int b) throws IOException {
      one[0] = (byte) b;
      write(one, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      if (cut) {
        return;
      }
      ByteBuffer buffer = ByteBuffer.wrap(bytes, from, length);
      while (buffer.hasRemaining()) {
        out.write(buffer);
      }
      written += length;
    }

    @Override
    public void close() {
      // The caller's.
    }
  }
}
