// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;

/// Decompresses the payloads of one channel's packets, in their order.
sealed interface PageDecoder extends AutoCloseable {
  /// A payload that does not decompress to the pages that its packet names.
  final class BadPayload extends Exception {
    private static final long serialVersionUID = 1L;

    BadPayload(String what) {
      super(what, null, false, false);
    }
  }

  /// Room that [#decode] needs behind the pages, by which it sees that there is too much.
  int SLACK = 64;

  /// Decompresses a whole payload.
  ///
  /// @param in all of it, and nothing else
  /// @param out takes the pages; limited to their size and [#SLACK]
  /// @param pages how many there are
  /// @param pageSize bytes of each
  /// @throws BadPayload if it is anything else
  void decode(ByteBuffer in, ByteBuffer out, int pages, int pageSize) throws BadPayload;

  @Override
  void close();

  /// Makes the decoder for a method other than [MultifdMethod#NONE].
  static PageDecoder of(MultifdMethod method) {
    return switch (method) {
      case NONE -> throw new IllegalArgumentException("nothing to decode");
      case ZLIB -> new Zlib();
      case ZSTD -> new Zstd();
      case QPL -> new EachPage(true);
      case UADK -> new EachPage(false);
      case QATZIP -> new Gzip();
    };
  }

  private static void expect(ByteBuffer out, int pages, int pageSize) throws BadPayload {
    long more = (long) out.position() - (long) pages * pageSize;
    if (more != 0) {
      throw new BadPayload(
          "payload of "
              + (more < 0 ? "less" : "more")
              + " than "
              + pages
              + (pages == 1 ? " page" : " pages"));
    }
  }

  /// One deflate stream for all packets.
  final class Zlib implements PageDecoder {
    private final Inflater inflater = new Inflater();

    @Override
    public void decode(ByteBuffer in, ByteBuffer out, int pages, int pageSize) throws BadPayload {
      inflater.setInput(in);
      try {
        while (out.hasRemaining() && inflater.inflate(out) > 0) {
          // Until the input is used up: what flushes the packet is read behind its last page.
        }
      } catch (DataFormatException e) {
        throw new BadPayload("payload that is no deflate data");
      }
      expect(out, pages, pageSize);
      if (in.hasRemaining()) {
        throw new BadPayload("payload that goes on behind its pages");
      }
    }

    @Override
    public void close() {
      inflater.end();
    }
  }

  /// One zstd frame for all packets.
  final class Zstd implements PageDecoder {
    private final ZstdDecompressCtx context = new ZstdDecompressCtx();

    @Override
    public void decode(ByteBuffer in, ByteBuffer out, int pages, int pageSize) throws BadPayload {
      try {
        int before;
        do {
          before = in.remaining() + out.remaining();
          context.decompressDirectByteBufferStream(out, in);
        } while (in.hasRemaining() && in.remaining() + out.remaining() < before);
      } catch (ZstdException e) {
        throw new BadPayload("payload that is no zstd data");
      }
      expect(out, pages, pageSize);
      if (in.hasRemaining()) {
        throw new BadPayload("payload that goes on behind its pages");
      }
    }

    @Override
    public void close() {
      context.close();
    }
  }

  /// A be32 length for each page, then each page: raw if it has the page's length.
  final class EachPage implements PageDecoder {
    private final Inflater inflater;

    EachPage(boolean withoutZlibHeader) {
      this.inflater = new Inflater(withoutZlibHeader);
    }

    @Override
    public void decode(ByteBuffer in, ByteBuffer out, int pages, int pageSize) throws BadPayload {
      int start = in.position();
      int at = start + 4 * pages;
      for (int i = 0; i < pages; i++) {
        if (in.limit() < at) {
          throw new BadPayload("payload too short for the lengths of its pages");
        }
        int length = in.getInt(start + 4 * i);
        if (length < 0 || length > pageSize || length > in.limit() - at) {
          throw new BadPayload("page of " + Integer.toUnsignedString(length) + " bytes in payload");
        }
        if (length == pageSize) {
          out.put(out.position(), in, at, length).position(out.position() + length);
        } else {
          inflate(in.slice(at, length), out, pageSize);
        }
        at += length;
      }
      if (at != in.limit()) {
        throw new BadPayload("payload that goes on behind its pages");
      }
    }

    private void inflate(ByteBuffer in, ByteBuffer out, int pageSize) throws BadPayload {
      inflater.reset();
      inflater.setInput(in);
      int end = out.position() + pageSize;
      try {
        // One byte more than a page, to see that there is too much.
        ByteBuffer page = out.slice(out.position(), pageSize + 1);
        while (page.hasRemaining() && inflater.inflate(page) > 0) {
          // Until the page is whole.
        }
        if (page.position() != pageSize || !inflater.finished()) {
          throw new BadPayload("page that does not decompress to a page");
        }
      } catch (DataFormatException e) {
        throw new BadPayload("page that is no deflate data");
      }
      out.position(end);
    }

    @Override
    public void close() {
      inflater.end();
    }
  }

  /// Gzip members, one behind the other.
  final class Gzip implements PageDecoder {
    @Override
    public void decode(ByteBuffer in, ByteBuffer out, int pages, int pageSize) throws BadPayload {
      byte[] payload = new byte[in.remaining()];
      in.get(payload);
      try (InputStream unpacked = new GZIPInputStream(new ByteArrayInputStream(payload))) {
        out.put(unpacked.readNBytes(out.remaining()));
      } catch (IOException e) {
        throw new BadPayload("payload that is no gzip data");
      }
      expect(out, pages, pageSize);
    }

    @Override
    public void close() {}
  }
}
