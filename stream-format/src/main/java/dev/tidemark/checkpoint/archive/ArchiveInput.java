// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// The archive's bytes, read whole or not at all. May be used by several threads.
///
/// @param source the bytes
/// @param size how many there are
record ArchiveInput(ByteSource source, long size) {
  static ArchiveInput of(ByteSource source) throws IOException {
    return new ArchiveInput(source, source.size());
  }

  /// Fills a segment.
  ///
  /// @throws StreamException.Truncated if the source has fewer bytes there
  void read(long offset, MemorySegment target, String context) throws IOException {
    long done = 0;
    long length = target.byteSize();
    while (done < length) {
      int n = source.read(offset + done, done == 0 ? target : target.asSlice(done));
      if (n <= 0) {
        throw new StreamException.Truncated("file ends", offset + done, context);
      }
      done += n;
    }
  }

  /// Reads bytes; the caller has bounded `length`.
  byte[] bytes(long offset, int length, String context) throws IOException {
    byte[] bytes = new byte[length];
    read(offset, MemorySegment.ofArray(bytes), context);
    return bytes;
  }

  /// Reads a section's frame and checks it.
  SectionPayload payload(Section section) throws IOException {
    String context = section.context();
    if (section.length() > SectionDescriptor.MAX_LENGTH) {
      throw new StreamException.LimitExceeded(
          "section of " + section.length() + " bytes, limit " + SectionDescriptor.MAX_LENGTH,
          section.offset(),
          context);
    }
    byte[] frame = bytes(section.offset(), (int) section.length(), context);
    int crcOffset = frame.length - SectionDescriptor.CRC_SIZE;
    boolean whole =
        Bytes.getInt(frame, 0) == SectionDescriptor.FRAME_MAGIC
            && Bytes.getInt(frame, SectionDescriptor.FRAME_LENGTH_OFFSET)
                == frame.length - SectionDescriptor.FRAME_HEADER_SIZE
            && Bytes.getInt(frame, SectionDescriptor.TAG_OFFSET) == section.tag()
            && Bytes.getInt(frame, SectionDescriptor.RESERVED_OFFSET) == 0
            && Bytes.getInt(frame, crcOffset) == Bytes.crc(frame, 0, crcOffset);
    if (!whole) {
      throw new StreamException.Malformed("section checksum wrong", section.offset(), context);
    }
    return new SectionPayload(section, frame);
  }
}
