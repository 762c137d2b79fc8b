// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.checkpoint.ByteSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/*
 * vmdesc is found from behind: the last position p with byte 06, be32 = bytes from p+5 to the end, byte p+5 a
 * brace, byte p-1 the 00 of EOF. On a live stream this is asked again and again while the guest stands still, so
 * that the check that the bytes are JSON is one pass over their brackets and strings, with no object made; the
 * full parser reads them later. A rehearsal sees to it that it is compiled when it matters.
 */

/// Finds EOF and vmdesc from the end of a stream.
final class VmdescLocator {
  /// Where things are, counted from the start of what was searched.
  ///
  /// @param eof of the EOF byte
  /// @param end behind the last byte of the JSON
  record Place(long eof, long end) {
    long json() {
      return eof + 1 + StreamDescriptor.SIZE_VMDESC_HEADER;
    }
  }

  /// Deepest nesting taken; real ones are below 40.
  private static final int MAX_DEPTH = 512;

  /// Most zero bytes passed over behind the JSON: what direct I/O and block devices leave.
  private static final int MAX_PADDING = 1 << 20;

  private static final int FIRST_CHUNK = 256 << 10;

  private static boolean rehearsed;

  private VmdescLocator() {}

  /// Runs the search over text like QEMU's, so that it is compiled before a guest waits for it.
  /// Done once; takes some milliseconds.
  static synchronized void rehearse() {
    if (rehearsed) {
      return;
    }
    rehearsed = true;
    String field = "{\"name\": \"env.regs\", \"array_len\": 16, \"type\": \"uint64\", \"size\": 8}";
    String text = "{\"devices\": [" + (field + ", ").repeat(1500) + field + "]}";
    byte[] json = text.getBytes(StandardCharsets.US_ASCII);
    byte[] stream = new byte[json.length + 64];
    System.arraycopy(json, 0, stream, 64, json.length);
    for (int i = 0; i < 6; i++) {
      inPrefix(stream, stream.length);
      isObject(json, 0, json.length);
    }
  }

  /// The end of a live stream, if the last of `size` bytes is it; -1 or the index of the EOF byte.
  static int inPrefix(byte[] bytes, int size) {
    if (size < 8 || bytes[size - 1] != '}') {
      return -1;
    }
    ByteBuffer view = ByteBuffer.wrap(bytes);
    for (int p = size - StreamDescriptor.SIZE_VMDESC_HEADER - 2; p > 0; p--) {
      if (bytes[p] == StreamDescriptor.VMDESCRIPTION
          && bytes[p - 1] == StreamDescriptor.EOF
          && bytes[p + StreamDescriptor.SIZE_VMDESC_HEADER] == '{'
          && view.getInt(p + 1) == size - p - StreamDescriptor.SIZE_VMDESC_HEADER
          && isObject(bytes, p + StreamDescriptor.SIZE_VMDESC_HEADER, size)) {
        return p - 1;
      }
    }
    return -1;
  }

  /// The first EOF with vmdesc behind it in `size` bytes; null if there is none whole.
  static @Nullable Place first(byte[] bytes, int size) {
    ByteBuffer view = ByteBuffer.wrap(bytes);
    for (int p = 1; p + StreamDescriptor.SIZE_VMDESC_HEADER < size; p++) {
      int json = p + StreamDescriptor.SIZE_VMDESC_HEADER;
      if (bytes[p] == StreamDescriptor.VMDESCRIPTION
          && bytes[p - 1] == StreamDescriptor.EOF
          && bytes[json] == '{') {
        int length = view.getInt(p + 1);
        if (length > 0 && length <= size - json && isObject(bytes, json, json + length)) {
          return new Place(p - 1, json + length);
        }
      }
    }
    return null;
  }

  /// How many of `size` bytes are left without the zeroes behind them.
  static int withoutPadding(byte[] bytes, int size) {
    int end = size;
    while (end > 0 && bytes[end - 1] == 0) {
      end--;
    }
    return end;
  }

  /// Searches a stored stream; null if there is no vmdesc.
  static @Nullable Place in(ByteSource source, StreamLimits limits) throws IOException {
    long size = source.size();
    long most = Math.min(size, (long) limits.vmdescBytes() + MAX_PADDING + 8);
    for (long length = Math.min(FIRST_CHUNK, most); ; length = Math.min(length * 4, most)) {
      byte[] tail = new byte[(int) length];
      int got = source.read(size - length, MemorySegment.ofArray(tail));
      if (got < length) {
        return null;
      }
      int end = withoutPadding(tail, tail.length);
      if (end > 0 && tail[end - 1] != '}') {
        return null;
      }
      int eof = inPrefix(tail, end);
      if (eof >= 0) {
        return new Place(size - length + eof, size - length + end);
      }
      if (length == most) {
        return null;
      }
    }
  }

  /// Whether bytes are one whole object by their brackets and strings, and ASCII, as all that QEMU
  /// writes there is: it escapes the rest.
  static boolean isObject(byte[] bytes, int from, int to) {
    long[] kinds = new long[MAX_DEPTH / Long.SIZE];
    int depth = 0;
    boolean inString = false;
    for (int i = from; i < to; i++) {
      int c = bytes[i];
      if (c < ' ' && c != '\n' && c != '\r' && c != '\t') {
        return false;
      }
      if (inString) {
        if (c == '\\') {
          i++;
        } else if (c == '"') {
          inString = false;
        }
      } else if (c == '"') {
        inString = true;
      } else if (c == '{' || c == '[') {
        if (depth == MAX_DEPTH) {
          return false;
        }
        long bit = 1L << depth;
        int word = depth++ / Long.SIZE;
        kinds[word] = c == '{' ? kinds[word] | bit : kinds[word] & ~bit;
      } else if (c == '}' || c == ']') {
        if (depth == 0) {
          return false;
        }
        depth--;
        boolean object = (kinds[depth / Long.SIZE] >>> depth & 1) != 0;
        if (object != (c == '}')) {
          return false;
        }
        if (depth == 0) {
          return i == to - 1;
        }
      }
    }
    return false;
  }
}
