// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.ram;

import dev.tidemark.stream.StreamException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// Inflates compressed pages, one after the other, into one place. Allocates nothing per page.
///
/// Format: `qemu_uncompress_data` in `migration/ram-compress.c`, QEMU 9.0. Stricter than that: a
/// stream must give exactly one page and have nothing behind it.
///
/// Used by one thread at a time.
public final class PageInflater implements AutoCloseable {
  private static final String CONTEXT = "compressed page";

  private final Inflater inflater = new Inflater();
  private final ByteBuffer packed;
  private final ByteBuffer content;
  private final MemorySegment packedSegment;
  private final MemorySegment contentSegment;

  /// An inflater.
  ///
  /// @param targetPageSize bytes of a page
  public PageInflater(int targetPageSize) {
    packed = ByteBuffer.allocateDirect(RamRecords.compressBound(targetPageSize));
    content = ByteBuffer.allocateDirect(targetPageSize);
    packedSegment = MemorySegment.ofBuffer(packed);
    contentSegment = MemorySegment.ofBuffer(content);
  }

  /// Inflates a page.
  ///
  /// @param window where the compressed bytes are
  /// @param windowOffset where in `window` they start
  /// @param length how many they are
  /// @param streamOffset where in the stream they start, for the exception; 0 if unknown
  /// @return the page, from its start; valid until the next one
  /// @throws StreamException.Malformed if they are not one page
  public MemorySegment inflate(
      MemorySegment window, long windowOffset, int length, long streamOffset)
      throws StreamException.Malformed {
    if (length < 0 || length > packed.capacity()) {
      throw new StreamException.Malformed(
          "compressed page of " + length + " bytes", streamOffset, CONTEXT);
    }
    MemorySegment.copy(window, windowOffset, packedSegment, 0, length);
    inflater.reset();
    inflater.setInput(packed.limit(length).position(0));
    content.clear();
    try {
      inflater.inflate(content);
    } catch (DataFormatException e) {
      throw new StreamException.Malformed(
          "no zlib data in a compressed page", streamOffset, CONTEXT);
    }
    // A stream that fills the page to its last byte may need another call to see its checksum.
    if (!inflater.finished() && !content.hasRemaining()) {
      finish(streamOffset);
    }
    if (!inflater.finished() || content.hasRemaining() || inflater.getRemaining() > 0) {
      throw new StreamException.Malformed(
          "compressed page that is not one page", streamOffset, CONTEXT);
    }
    return contentSegment;
  }

  private void finish(long streamOffset) throws StreamException.Malformed {
    try {
      inflater.inflate(content);
    } catch (DataFormatException e) {
      throw new StreamException.Malformed(
          "no zlib data in a compressed page", streamOffset, CONTEXT);
    }
  }

  /// Gives back its memory.
  @Override
  public void close() {
    inflater.end();
  }
}
