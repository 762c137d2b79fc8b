// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import java.nio.ByteBuffer;
import java.util.zip.Deflater;

/// Compresses the payloads of one channel's packets, in their order.
sealed interface PageEncoder extends AutoCloseable {
  /// QEMU's default for both methods.
  int LEVEL = 1;

  /// Compresses a whole payload, so that it can be decompressed without what comes after it.
  ///
  /// @param in the pages of one packet
  /// @param out takes the payload; has [MultifdPacketDescriptor#MAX_PAYLOAD] bytes of room, which
  ///     is always enough
  void encode(ByteBuffer in, ByteBuffer out);

  @Override
  void close();

  /// Makes the encoder for a method that compresses.
  static PageEncoder of(MultifdMethod method) {
    return switch (method) {
      case ZLIB -> new Zlib();
      case ZSTD -> new Zstd();
      case NONE, QPL, UADK, QATZIP ->
          throw new IllegalArgumentException("no compression by " + method);
    };
  }

  /// One deflate stream for all packets.
  final class Zlib implements PageEncoder {
    private final Deflater deflater = new Deflater(LEVEL);

    @Override
    public void encode(ByteBuffer in, ByteBuffer out) {
      deflater.setInput(in);
      // It all fits, and what does not fill its room is flushed.
      deflater.deflate(out, Deflater.SYNC_FLUSH);
    }

    @Override
    public void close() {
      deflater.end();
    }
  }

  /// One zstd frame for all packets.
  final class Zstd implements PageEncoder {
    private final ZstdCompressCtx context = new ZstdCompressCtx().setLevel(LEVEL);

    @Override
    public void encode(ByteBuffer in, ByteBuffer out) {
      while (!context.compressDirectByteBufferStream(out, in, EndDirective.FLUSH)) {
        // Until all is flushed.
      }
    }

    @Override
    public void close() {
      context.close();
    }
  }
}
