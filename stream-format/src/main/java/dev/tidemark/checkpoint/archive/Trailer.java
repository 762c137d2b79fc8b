// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.tidemark.stream.StreamException;
import java.util.Arrays;

/// The archive's trailer frame.
///
/// @param bodyEnd bytes of header and body
/// @param tableOffset where the section table's frame starts
/// @param fileSize bytes of the whole file
/// @param contentBytes bytes of content in the body
/// @param blocks archive blocks in the body
/// @param sectionDigest SHA-256 of everything from the end of the body to the trailer
record Trailer(
    long bodyEnd,
    long tableOffset,
    long fileSize,
    long contentBytes,
    long blocks,
    byte[] sectionDigest) {
  private static final String CONTEXT = "trailer";

  byte[] frame() {
    byte[] b = new byte[TrailerDescriptor.SIZE];
    Bytes.putInt(b, 0, TrailerDescriptor.FRAME_MAGIC);
    Bytes.putInt(
        b,
        TrailerDescriptor.PAYLOAD_LENGTH_OFFSET,
        TrailerDescriptor.SIZE - SectionDescriptor.FRAME_HEADER_SIZE);
    put(b, TrailerDescriptor.MAGIC_OFFSET, TrailerDescriptor.MAGIC);
    Bytes.putLong(b, TrailerDescriptor.BODY_END_OFFSET, bodyEnd);
    Bytes.putLong(b, TrailerDescriptor.TABLE_OFFSET_OFFSET, tableOffset);
    Bytes.putLong(b, TrailerDescriptor.FILE_SIZE_OFFSET, fileSize);
    Bytes.putLong(b, TrailerDescriptor.CONTENT_SIZE_OFFSET, contentBytes);
    System.arraycopy(
        sectionDigest, 0, b, TrailerDescriptor.DIGEST_OFFSET, TrailerDescriptor.DIGEST_SIZE);
    Bytes.putLong(b, TrailerDescriptor.BLOCKS_OFFSET, blocks);
    int crc = Bytes.crc(b, 0, TrailerDescriptor.CRC_OFFSET);
    Bytes.putInt(b, TrailerDescriptor.CRC_OFFSET, crc);
    put(b, TrailerDescriptor.END_MAGIC_OFFSET, TrailerDescriptor.END_MAGIC);
    return b;
  }

  private static void put(byte[] b, int offset, String text) {
    byte[] bytes = text.getBytes(US_ASCII);
    System.arraycopy(bytes, 0, b, offset, bytes.length);
  }

  private static boolean has(byte[] b, int offset, String text) {
    byte[] bytes = text.getBytes(US_ASCII);
    return Arrays.equals(b, offset, offset + bytes.length, bytes, 0, bytes.length);
  }

  /// Reads a trailer out of the last bytes of a file.
  ///
  /// @param size size of the file
  static Trailer of(byte[] b, long size) throws StreamException {
    long offset = size - TrailerDescriptor.SIZE;
    boolean start = has(b, TrailerDescriptor.MAGIC_OFFSET, TrailerDescriptor.MAGIC);
    boolean end = has(b, TrailerDescriptor.END_MAGIC_OFFSET, TrailerDescriptor.END_MAGIC);
    if (!start && !end) {
      throw incomplete(size);
    }
    int crc = Bytes.crc(b, 0, TrailerDescriptor.CRC_OFFSET);
    if (!start || !end || crc != Bytes.getInt(b, TrailerDescriptor.CRC_OFFSET)) {
      throw new StreamException.Malformed("trailer checksum wrong", offset, CONTEXT);
    }
    Trailer trailer =
        new Trailer(
            Bytes.getLong(b, TrailerDescriptor.BODY_END_OFFSET),
            Bytes.getLong(b, TrailerDescriptor.TABLE_OFFSET_OFFSET),
            Bytes.getLong(b, TrailerDescriptor.FILE_SIZE_OFFSET),
            Bytes.getLong(b, TrailerDescriptor.CONTENT_SIZE_OFFSET),
            Bytes.getLong(b, TrailerDescriptor.BLOCKS_OFFSET),
            Arrays.copyOfRange(
                b,
                TrailerDescriptor.DIGEST_OFFSET,
                TrailerDescriptor.DIGEST_OFFSET + TrailerDescriptor.DIGEST_SIZE));
    trailer.check(b, offset, size);
    return trailer;
  }

  static StreamException incomplete(long size) {
    return new StreamException.Truncated("incomplete: no trailer", size, CONTEXT);
  }

  private void check(byte[] b, long offset, long size) throws StreamException {
    boolean sane =
        Bytes.getInt(b, 0) == TrailerDescriptor.FRAME_MAGIC
            && Bytes.getInt(b, TrailerDescriptor.PAYLOAD_LENGTH_OFFSET)
                == TrailerDescriptor.SIZE - SectionDescriptor.FRAME_HEADER_SIZE
            && fileSize == size
            && bodyEnd >= HeaderDescriptor.SIZE
            && tableOffset >= bodyEnd
            && tableOffset <= offset - SectionDescriptor.OVERHEAD;
    if (!sane) {
      throw new StreamException.Malformed(
          "trailer that does not fit a file of " + size + " bytes", offset, CONTEXT);
    }
  }
}
