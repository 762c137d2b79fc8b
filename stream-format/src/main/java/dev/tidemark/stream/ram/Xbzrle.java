// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.ram;

import dev.tidemark.stream.StreamException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/*
 * A delta is a sequence of pairs: how many bytes stay, how many change, and the new ones. Both lengths are
 * one or two bytes. QEMU's loader takes more than its writer makes, and so does this: lengths with a needless
 * second byte, literals that change nothing, no pairs at all. It refuses a pair of which not two bytes are left
 * for each length, a first length of 0 in any pair but the first, a second length of 0, a third byte, and what
 * leads beyond the page.
 */

/// XBZRLE: a page as what has changed since its former version.
///
/// ```
/// +------------+-------------+----------------------+------------+-------------+------
/// | bytes kept | bytes new   | the new bytes        | bytes kept | bytes new   | …
/// | 1 or 2     | 1 or 2      |                      | 1 or 2     | 1 or 2      |
/// +------------+-------------+----------------------+------------+-------------+------
/// ```
///
/// Lengths are LEB128 of at most 14 bits. What comes behind the last new byte is kept.
///
/// Format: `xbzrle_encode_buffer` and `xbzrle_decode_buffer` in `migration/xbzrle.c`, QEMU 10.0.2.
///
/// Nothing here allocates. May be used by several threads at once.
public final class Xbzrle {
  /// The byte in front of a delta's length.
  public static final int ENCODING_FLAG = 0x01;

  /// Result of [#encode]: the delta would not be shorter than the page, or cannot say it.
  public static final int OVERFLOW = -1;

  /// Result of [#encode]: the page is what it was.
  public static final int UNCHANGED = 0;

  private static final int MAX_RUN = 0x3fff;

  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  private Xbzrle() {}

  /// Where a delta breaks the format.
  ///
  /// @param delta where it is
  /// @param at where in `delta` it starts
  /// @param length its bytes, 0 or more
  /// @param pageSize bytes of the page
  /// @return the index of the byte that is wrong, counted from the delta's start and at most
  ///     `length`; -1 if none is
  public static int fault(MemorySegment delta, long at, int length, int pageSize) {
    int covered = 0;
    for (int i = 0; i < length; ) {
      int kept = run(delta, at, i, length);
      if (kept < 0 || (kept == 0 && i > 0) || kept > pageSize - covered) {
        return i;
      }
      covered += kept;
      i += runSize(delta, at + i);
      int fresh = run(delta, at, i, length);
      if (fresh <= 0 || fresh > pageSize - covered) {
        return i;
      }
      int content = i + runSize(delta, at + i);
      if (fresh > length - content) {
        return i;
      }
      covered += fresh;
      i = content + fresh;
    }
    return -1;
  }

  /// A length; -1 if there is none.
  private static int run(MemorySegment delta, long at, int i, int length) {
    if (length - i < 2) {
      return -1;
    }
    int low = delta.get(BYTE, at + i);
    if (low >= 0) {
      return low;
    }
    int high = delta.get(BYTE, at + i + 1);
    return high < 0 ? -1 : (low & 0x7f) | (high << 7);
  }

  private static int runSize(MemorySegment delta, long at) {
    return delta.get(BYTE, at) >= 0 ? 1 : 2;
  }

  /// Applies a delta to the former version of its page.
  ///
  /// @param delta where the delta is
  /// @param at where in `delta` it starts
  /// @param length its bytes, 0 or more
  /// @param page holds the former version, gets the new one; unchanged if this throws
  /// @param pageAt where in `page` it starts
  /// @param pageSize its bytes
  /// @param streamOffset where in the stream the delta starts, for the exception; 0 if unknown
  /// @throws StreamException.Malformed if the delta breaks the format or leads beyond the page
  public static void decode(
      MemorySegment delta,
      long at,
      int length,
      MemorySegment page,
      long pageAt,
      int pageSize,
      long streamOffset)
      throws StreamException.Malformed {
    int wrong = fault(delta, at, length, pageSize);
    if (wrong >= 0) {
      throw malformed(streamOffset + wrong);
    }
    long to = pageAt;
    for (int i = 0; i < length; ) {
      to += run(delta, at, i, length);
      i += runSize(delta, at + i);
      int fresh = run(delta, at, i, length);
      i += runSize(delta, at + i);
      MemorySegment.copy(delta, at + i, page, to, fresh);
      to += fresh;
      i += fresh;
    }
  }

  /// What is wrong with a delta that has a [#fault].
  ///
  /// @param streamOffset of the byte that is wrong
  public static StreamException.Malformed malformed(long streamOffset) {
    return new StreamException.Malformed("run of an XBZRLE delta", streamOffset, "XBZRLE page");
  }

  /// Encodes what has changed. Byte for byte what QEMU makes, save for pages of more than 16 KiB:
  /// of
  /// those QEMU cannot encode a longer run, while here a run of bytes kept is cut by one literal.
  ///
  /// @param former where the former version is
  /// @param formerAt where in `former`
  /// @param page where the new version is
  /// @param pageAt where in `page`
  /// @param pageSize bytes of each
  /// @param target takes the delta; it may be overwritten up to `limit` whatever the result
  /// @param targetAt where in `target`
  /// @param limit most bytes of the delta; QEMU's is the page size
  /// @return bytes of the delta, or [#UNCHANGED], or [#OVERFLOW]
  public static int encode(
      MemorySegment former,
      long formerAt,
      MemorySegment page,
      long pageAt,
      int pageSize,
      MemorySegment target,
      long targetAt,
      int limit) {
    int d = 0;
    int i = 0;
    while (i < pageSize) {
      if (d + 2 > limit) {
        return OVERFLOW;
      }
      int changed = i + same(former, formerAt + i, page, pageAt + i, pageSize - i);
      if (changed == pageSize) {
        return d;
      }
      int kept = changed - i;
      while (kept > MAX_RUN) {
        // Not all of it: only the first run of a delta may be 0.
        int cut = kept == MAX_RUN + 1 ? MAX_RUN - 1 : MAX_RUN;
        if (d + 6 > limit) {
          return OVERFLOW;
        }
        d += putRun(target, targetAt + d, cut);
        d += putRun(target, targetAt + d, 1);
        target.set(BYTE, targetAt + d++, page.get(BYTE, pageAt + changed - kept + cut));
        kept -= cut + 1;
      }
      d += putRun(target, targetAt + d, kept);
      if (d + 2 > limit) {
        return OVERFLOW;
      }
      int fresh = different(former, formerAt + changed, page, pageAt + changed, pageSize - changed);
      if (fresh > MAX_RUN) {
        return OVERFLOW;
      }
      d += putRun(target, targetAt + d, fresh);
      if (d + fresh > limit) {
        return OVERFLOW;
      }
      MemorySegment.copy(page, pageAt + changed, target, targetAt + d, fresh);
      d += fresh;
      i = changed + fresh;
    }
    return d;
  }

  private static int putRun(MemorySegment target, long at, int run) {
    if (run < 0x80) {
      target.set(BYTE, at, (byte) run);
      return 1;
    }
    target.set(BYTE, at, (byte) (run | 0x80));
    target.set(BYTE, at + 1, (byte) (run >>> 7));
    return 2;
  }

  /// How many bytes are the same from here on.
  private static int same(MemorySegment a, long aAt, MemorySegment b, long bAt, int length) {
    int i = 0;
    while (i + Long.BYTES <= length && a.get(LONG, aAt + i) == b.get(LONG, bAt + i)) {
      i += Long.BYTES;
    }
    while (i < length && a.get(BYTE, aAt + i) == b.get(BYTE, bAt + i)) {
      i++;
    }
    return i;
  }

  /// How many bytes differ from here on.
  private static int different(MemorySegment a, long aAt, MemorySegment b, long bAt, int length) {
    int i = 0;
    while (i < length && a.get(BYTE, aAt + i) != b.get(BYTE, bAt + i)) {
      i++;
    }
    return i;
  }
}
