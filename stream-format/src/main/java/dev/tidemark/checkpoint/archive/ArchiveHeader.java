// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.tidemark.stream.StreamException;
import java.util.Arrays;

/// The archive's header frame.
///
/// @param targetPageSize target page size in bytes
/// @param blockContent most bytes of content in a block
/// @param encoding what the body is
record ArchiveHeader(int targetPageSize, int blockContent, BodyEncoding encoding) {
  private static final String CONTEXT = "archive header";

  /// The bytes every archive begins with.
  static byte[] start() {
    return Arrays.copyOf(
        new ArchiveHeader(0, 0, BodyEncoding.LZ4).frame(), HeaderDescriptor.VERSION_OFFSET);
  }

  byte[] frame() {
    byte[] b = new byte[HeaderDescriptor.SIZE];
    Bytes.putInt(b, 0, HeaderDescriptor.FRAME_MAGIC);
    Bytes.putInt(
        b,
        HeaderDescriptor.PAYLOAD_LENGTH_OFFSET,
        HeaderDescriptor.SIZE - SectionDescriptor.FRAME_HEADER_SIZE);
    byte[] magic = HeaderDescriptor.MAGIC.getBytes(US_ASCII);
    System.arraycopy(magic, 0, b, HeaderDescriptor.MAGIC_OFFSET, magic.length);
    Bytes.putInt(b, HeaderDescriptor.VERSION_OFFSET, HeaderDescriptor.VERSION);
    Bytes.putInt(b, HeaderDescriptor.TARGET_PAGE_SIZE_OFFSET, targetPageSize);
    Bytes.putInt(b, HeaderDescriptor.BODY_ENCODING_OFFSET, encoding.number());
    Bytes.putInt(b, HeaderDescriptor.BLOCK_CONTENT_OFFSET, blockContent);
    Bytes.putInt(b, HeaderDescriptor.CRC_OFFSET, Bytes.crc(b, 0, HeaderDescriptor.CRC_OFFSET));
    return b;
  }

  /// Reads a header out of the first bytes of a file, which begin as [#start] says.
  static ArchiveHeader of(byte[] b) throws StreamException {
    if (Bytes.getInt(b, HeaderDescriptor.CRC_OFFSET)
        != Bytes.crc(b, 0, HeaderDescriptor.CRC_OFFSET)) {
      throw new StreamException.Malformed("header checksum wrong", 0, CONTEXT);
    }
    int version = Bytes.getInt(b, HeaderDescriptor.VERSION_OFFSET);
    if (version != HeaderDescriptor.VERSION) {
      throw unsupported(
          "archive format version " + Integer.toUnsignedString(version),
          HeaderDescriptor.VERSION_OFFSET);
    }
    long features = Bytes.getLong(b, HeaderDescriptor.INCOMPATIBLE_OFFSET);
    if (features != 0) {
      throw unsupported(
          "incompatible features 0x" + Long.toHexString(features),
          HeaderDescriptor.INCOMPATIBLE_OFFSET);
    }
    BodyEncoding encoding = encoding(Bytes.getInt(b, HeaderDescriptor.BODY_ENCODING_OFFSET));
    int pageSize = Bytes.getInt(b, HeaderDescriptor.TARGET_PAGE_SIZE_OFFSET);
    int content = Bytes.getInt(b, HeaderDescriptor.BLOCK_CONTENT_OFFSET);
    if (Integer.bitCount(pageSize) != 1
        || pageSize < RamLayout.MIN_PAGE_SIZE
        || pageSize > RamLayout.MAX_PAGE_SIZE) {
      throw unsupported(
          "target page size " + Integer.toUnsignedString(pageSize),
          HeaderDescriptor.TARGET_PAGE_SIZE_OFFSET);
    }
    if (content != ArchiveOptions.BLOCK_64_KIB && content != ArchiveOptions.BLOCK_256_KIB) {
      throw unsupported(
          "block content of " + Integer.toUnsignedString(content) + " bytes",
          HeaderDescriptor.BLOCK_CONTENT_OFFSET);
    }
    return new ArchiveHeader(pageSize, content, encoding);
  }

  private static BodyEncoding encoding(int number) throws StreamException {
    for (BodyEncoding encoding : BodyEncoding.values()) {
      if (encoding.number() == number) {
        return encoding;
      }
    }
    throw unsupported(
        "body encoding " + Integer.toUnsignedString(number), HeaderDescriptor.BODY_ENCODING_OFFSET);
  }

  private static StreamException unsupported(String what, int offset) {
    return new StreamException.Unsupported(what, offset, CONTEXT);
  }
}
