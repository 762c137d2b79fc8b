// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.ram;

import static java.nio.ByteOrder.BIG_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// The records of a RAM section's body, encoded.
///
/// ```
/// +---------------------------+----------------------------+-----------------------------------+
/// | be64 page offset | flags  | u8 length, block name      | PAGE: target page size bytes      |
/// |                           | absent with CONTINUE       | ZERO: one fill byte               |
/// |                           |                            | XBZRLE: 0x01, be16 length, delta  |
/// |                           |                            | COMPRESS_PAGE: be32 length, zlib  |
/// +---------------------------+----------------------------+-----------------------------------+
/// ```
///
/// The flags stand in the bits below the target page size.
///
/// Nothing here allocates, save [#name].
///
/// Format: `save_page_header` and `save_xbzrle_page` in `migration/ram.c`, QEMU 10.0.2.
public final class RamRecords {
  /// `RAM_SAVE_FLAG_ZERO`: the page's bytes all have one value, which follows; QEMU writes 0 only.
  public static final int ZERO = 0x02;

  /// `RAM_SAVE_FLAG_MEM_SIZE`: the block list.
  public static final int MEM_SIZE = 0x04;

  /// `RAM_SAVE_FLAG_PAGE`: the page's bytes follow.
  public static final int PAGE = 0x08;

  /// `RAM_SAVE_FLAG_EOS`: the body ends.
  public static final int EOS = 0x10;

  /// `RAM_SAVE_FLAG_CONTINUE`: no block name follows, the block is that of the record before.
  public static final int CONTINUE = 0x20;

  /// `RAM_SAVE_FLAG_XBZRLE`: a difference to the page's former version.
  public static final int XBZRLE = 0x40;

  /// `RAM_SAVE_FLAG_HOOK`: RDMA only.
  public static final int HOOK = 0x80;

  /// `RAM_SAVE_FLAG_COMPRESS_PAGE`: zlib, up to QEMU 9.0.
  public static final int COMPRESS_PAGE = 0x100;

  /// `RAM_SAVE_FLAG_MULTIFD_FLUSH`: the multifd channels meet.
  public static final int MULTIFD_FLUSH = 0x200;

  /// Bytes of a record's word, which is the whole header of one with CONTINUE.
  public static final int SIZE_WORD = 8;

  /// Longest header: word, length byte, 255 bytes of name.
  public static final int MAX_HEADER = SIZE_WORD + 1 + 255;

  /// Bytes between header and delta of an XBZRLE record: encoding flag, be16 length.
  public static final int SIZE_XBZRLE_HEADER = 3;

  /// Bytes between header and content of a COMPRESS_PAGE record: be32 length.
  public static final int SIZE_COMPRESS_HEADER = 4;

  private static final ValueLayout.OfLong BE64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(BIG_ENDIAN);
  private static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(BIG_ENDIAN);
  private static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);

  private RamRecords() {}

  /// A block's name as records carry it.
  ///
  /// @param block any block
  /// @return its bytes, to be kept by the caller and given to [#header]
  public static byte[] name(RamBlock block) {
    return block.idstr().getBytes(StandardCharsets.ISO_8859_1);
  }

  /// Most bytes that zlib makes of a page.
  ///
  /// @param pageSize bytes of the page
  public static int compressBound(int pageSize) {
    return pageSize + (pageSize >> 12) + (pageSize >> 14) + (pageSize >> 25) + 13;
  }

  /// Most bytes of a record.
  ///
  /// @param pageSize bytes of a page
  public static int mostBytes(int pageSize) {
    return MAX_HEADER + SIZE_COMPRESS_HEADER + compressBound(pageSize);
  }

  /// Bytes of a header.
  ///
  /// @param name the block's name, or null for CONTINUE
  public static int headerSize(byte @Nullable [] name) {
    return name == null ? SIZE_WORD : SIZE_WORD + 1 + name.length;
  }

  /// Writes a record's header.
  ///
  /// @param target where to; has [#headerSize] bytes of room
  /// @param at where in `target`
  /// @param flag [#PAGE], [#ZERO], [#XBZRLE] or [#COMPRESS_PAGE]
  /// @param pageOffset offset inside the block in bytes
  /// @param name the block's name, or null to continue the block of the record before
  /// @return where the header ends
  public static long header(
      MemorySegment target, long at, int flag, long pageOffset, byte @Nullable [] name) {
    if (name == null) {
      target.set(BE64, at, pageOffset | flag | CONTINUE);
      return at + SIZE_WORD;
    }
    target.set(BE64, at, pageOffset | flag);
    target.set(ValueLayout.JAVA_BYTE, at + SIZE_WORD, (byte) name.length);
    MemorySegment.copy(name, 0, target, ValueLayout.JAVA_BYTE, at + SIZE_WORD + 1, name.length);
    return at + SIZE_WORD + 1 + name.length;
  }

  /// Writes a whole record of a page with content.
  ///
  /// @param target where to; has room for header and page
  /// @param at where in `target`
  /// @param pageOffset offset inside the block in bytes
  /// @param name the block's name, or null to continue
  /// @param window where the page's bytes are
  /// @param windowOffset where in `window`
  /// @param pageSize how many they are
  /// @return where the record ends
  public static long page(
      MemorySegment target,
      long at,
      long pageOffset,
      byte @Nullable [] name,
      MemorySegment window,
      long windowOffset,
      int pageSize) {
    long content = header(target, at, PAGE, pageOffset, name);
    MemorySegment.copy(window, windowOffset, target, content, pageSize);
    return content + pageSize;
  }

  /// Writes a whole record of a page whose bytes are all the same.
  ///
  /// @param target where to; has room for header and one byte
  /// @param at where in `target`
  /// @param pageOffset offset inside the block in bytes
  /// @param name the block's name, or null to continue
  /// @param fill the value of its bytes; QEMU 10.0 takes 0 only
  /// @return where the record ends
  public static long zeroPage(
      MemorySegment target, long at, long pageOffset, byte @Nullable [] name, byte fill) {
    long content = header(target, at, ZERO, pageOffset, name);
    target.set(ValueLayout.JAVA_BYTE, content, fill);
    return content + 1;
  }

  /// Writes a whole record of a page sent as a delta.
  ///
  /// @param target where to; has room for header, 3 bytes and the delta
  /// @param at where in `target`
  /// @param pageOffset offset inside the block in bytes
  /// @param name the block's name, or null to continue
  /// @param window where the delta is
  /// @param windowOffset where in `window`
  /// @param length its bytes, 0 to 65535
  /// @return where the record ends
  public static long xbzrlePage(
      MemorySegment target,
      long at,
      long pageOffset,
      byte @Nullable [] name,
      MemorySegment window,
      long windowOffset,
      int length) {
    long content = header(target, at, XBZRLE, pageOffset, name);
    target.set(ValueLayout.JAVA_BYTE, content, (byte) Xbzrle.ENCODING_FLAG);
    target.set(BE16, content + 1, (short) length);
    content += SIZE_XBZRLE_HEADER;
    MemorySegment.copy(window, windowOffset, target, content, length);
    return content + length;
  }

  /// Writes a whole record of a compressed page.
  ///
  /// @param target where to; has room for header, 4 bytes and the compressed bytes
  /// @param at where in `target`
  /// @param pageOffset offset inside the block in bytes
  /// @param name the block's name, or null to continue
  /// @param window where the compressed bytes are
  /// @param windowOffset where in `window`
  /// @param length how many they are
  /// @return where the record ends
  public static long compressedPage(
      MemorySegment target,
      long at,
      long pageOffset,
      byte @Nullable [] name,
      MemorySegment window,
      long windowOffset,
      int length) {
    long content = header(target, at, COMPRESS_PAGE, pageOffset, name);
    target.set(BE32, content, length);
    content += SIZE_COMPRESS_HEADER;
    MemorySegment.copy(window, windowOffset, target, content, length);
    return content + length;
  }

  /// Writes the word of a flush.
  ///
  /// @param target where to; has 8 bytes of room
  /// @param at where in `target`
  /// @return where the word ends
  public static long multifdFlush(MemorySegment target, long at) {
    target.set(BE64, at, MULTIFD_FLUSH);
    return at + SIZE_WORD;
  }

  /// Writes the word that ends a body.
  ///
  /// @param target where to; has 8 bytes of room
  /// @param at where in `target`
  /// @return where the word ends
  public static long eos(MemorySegment target, long at) {
    target.set(BE64, at, EOS);
    return at + SIZE_WORD;
  }
}
