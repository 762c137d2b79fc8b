// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.compressed;

import com.github.luben.zstd.ZstdIOException;
import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.MemoryLimitException;

/// The decompressed bytes of compressed ones. Whatever a library throws about them comes out as a
/// [StreamException] with the offset that it had got to in the compressed bytes.
final class DecompressingChannel implements ReadableByteChannel {
  private static final int PIECE = 1 << 16;

  /// `ZSTD_error_frameParameter_windowTooLarge` in `zstd_errors.h`.
  private static final long ZSTD_WINDOW_TOO_LARGE = 16;

  private final Codec codec;
  private final CompressedInput in;
  private final byte[] piece = new byte[PIECE];
  private int at;
  private int end;
  private @Nullable InputStream reader;
  private @Nullable StreamException failure;
  private boolean over;
  private boolean open = true;

  DecompressingChannel(Codec codec, CompressedInput in) {
    this.codec = codec;
    this.in = in;
  }

  Codec codec() {
    return codec;
  }

  CompressedInput input() {
    return in;
  }

  /// What was found wrong with the compressed bytes; null if nothing was.
  @Nullable StreamException failure() {
    return failure;
  }

  /// Whether the bytes begin so; they are still to be read.
  boolean startsWith(byte[] bytes) throws IOException {
    while (end < bytes.length) {
      int got = fill(piece, end, PIECE - end);
      if (got < 0) {
        return false;
      }
      end += got;
    }
    return Arrays.equals(piece, 0, bytes.length, bytes, 0, bytes.length);
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    if (!open) {
      throw new ClosedChannelException();
    }
    if (!target.hasRemaining()) {
      return 0;
    }
    if (at == end && target.hasArray()) {
      int got = fill(target.array(), target.arrayOffset() + target.position(), target.remaining());
      target.position(target.position() + Math.max(0, got));
      return got;
    }
    if (at == end) {
      int got = fill(piece, 0, Math.min(PIECE, target.remaining()));
      if (got < 0) {
        return -1;
      }
      at = 0;
      end = got;
    }
    int count = Math.min(end - at, target.remaining());
    target.put(piece, at, count);
    at += count;
    return count;
  }

  /// Some bytes, at least one; -1 at the end, behind which nothing may stand.
  private int fill(byte[] target, int from, int length) throws IOException {
    if (over) {
      return -1;
    }
    try {
      InputStream decoder = reader;
      if (decoder == null) {
        if (in.atEnd()) {
          throw new StreamException.Truncated("no compressed data", in.position(), context());
        }
        decoder = codec.reader(in);
        reader = decoder;
      }
      int got = decoder.read(target, from, length);
      if (got > 0) {
        return got;
      }
      if (!in.atEnd()) {
        throw malformed("something else behind " + codec + " data");
      }
    } catch (StreamException e) {
      failure = e;
      throw e;
    } catch (IOException | RuntimeException e) {
      if (in.failure() != null) {
        throw in.failure();
      }
      StreamException why = explained(e);
      why.initCause(e);
      failure = why;
      throw why;
    }
    over = true;
    return -1;
  }

  private StreamException explained(Exception e) {
    if (e instanceof MemoryLimitException limit) {
      return new StreamException.LimitExceeded(
          "xz dictionary that takes " + limit.getMemoryNeeded() + " KiB", in.position(), context());
    }
    if (e instanceof ZstdIOException zstd && zstd.getErrorCode() == ZSTD_WINDOW_TOO_LARGE) {
      return new StreamException.LimitExceeded(
          "zstd window of more than 128 MiB", in.position(), context());
    }
    if (in.ended()) {
      return new StreamException.Truncated("compressed data ends", in.position(), context());
    }
    String said = e.getMessage();
    return malformed(
        "damaged data" + (said == null ? "" : " (" + said.strip().toLowerCase(Locale.ROOT) + ")"));
  }

  private StreamException malformed(String what) {
    return new StreamException.Malformed(what, in.position(), context());
  }

  private String context() {
    return codec + " data";
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public void close() throws IOException {
    if (!open) {
      return;
    }
    open = false;
    try (in) {
      if (reader != null) {
        reader.close();
      }
    }
  }
}
