// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.compressed;

import dev.tidemark.stream.fixture.PieceChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;

/// Bytes compressed and decompressed, for tests.
public final class Codecs {
  private Codecs() {}

  /// The bytes as a codec writes them.
  public static byte[] compress(Codec codec, byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (CompressingChannel channel = codec.compress(Channels.newChannel(out))) {
      channel.write(ByteBuffer.wrap(bytes));
      channel.finish();
    }
    return out.toByteArray();
  }

  static byte[] decompress(Codec codec, byte[] bytes) throws IOException {
    return decompress(codec, PieceChannel.ofSize(bytes, Math.max(1, bytes.length)), 1 << 16);
  }

  static byte[] decompress(Codec codec, ReadableByteChannel bytes, int pieces) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteBuffer buffer = ByteBuffer.allocateDirect(pieces);
    byte[] piece = new byte[pieces];
    try (ReadableByteChannel channel = codec.decompress(bytes)) {
      while (channel.read(buffer.clear()) >= 0) {
        int count = buffer.flip().remaining();
        buffer.get(piece, 0, count);
        out.write(piece, 0, count);
      }
    }
    return out.toByteArray();
  }
}
