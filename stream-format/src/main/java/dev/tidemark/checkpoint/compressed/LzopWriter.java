// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.compressed;

import io.airlift.compress.v3.lzo.LzoCompressor;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.zip.Adler32;

/// Writes an lzop member as `lzop -c` does; see [LzopDescriptor].
final class LzopWriter extends OutputStream {
  private final DataOutputStream out;
  private final LzoCompressor compressor = new LzoCompressor();
  private final byte[] block = new byte[LzopDescriptor.BLOCK_BYTES];
  private final byte[] stored =
      new byte[compressor.maxCompressedLength(LzopDescriptor.BLOCK_BYTES)];
  private int fill;
  private boolean closed;

  LzopWriter(OutputStream out) throws IOException {
    this.out = new DataOutputStream(out);
    this.out.write(LzopDescriptor.MAGIC);
    byte[] header = header();
    this.out.write(header);
    this.out.writeInt(adler(header, header.length));
  }

  private static byte[] header() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream fields = new DataOutputStream(bytes);
    fields.writeShort(LzopDescriptor.VERSION);
    fields.writeShort(LzopDescriptor.LIBRARY_VERSION);
    fields.writeShort(LzopDescriptor.VERSION_NEEDED);
    fields.writeByte(LzopDescriptor.METHOD_LZO1X_1);
    fields.writeByte(LzopDescriptor.LEVEL);
    fields.writeInt(
        LzopDescriptor.FLAG_UNIX
            | LzopDescriptor.FLAG_STDIN
            | LzopDescriptor.FLAG_STDOUT
            | LzopDescriptor.FLAG_ADLER32);
    fields.writeInt(LzopDescriptor.MODE);
    fields.writeLong(0);
    fields.writeByte(0);
    return bytes.toByteArray();
  }

  private static int adler(byte[] bytes, int length) {
    Adler32 sum = new Adler32();
    sum.update(bytes, 0, length);
    return (int) sum.getValue();
  }

  @Override
  public void write(int b) throws IOException {
    block[fill++] = (byte) b;
    if (fill == block.length) {
      block();
    }
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    for (int done = 0; done < length; ) {
      int count = Math.min(length - done, block.length - fill);
      System.arraycopy(bytes, from + done, block, fill, count);
      fill += count;
      done += count;
      if (fill == block.length) {
        block();
      }
    }
  }

  private void block() throws IOException {
    int length = compressor.compress(block, 0, fill, stored, 0, stored.length);
    boolean smaller = length < fill;
    out.writeInt(fill);
    out.writeInt(smaller ? length : fill);
    out.writeInt(adler(block, fill));
    out.write(smaller ? stored : block, 0, smaller ? length : fill);
    fill = 0;
  }

  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    if (fill > 0) {
      block();
    }
    out.writeInt(0);
    out.close();
  }
}
