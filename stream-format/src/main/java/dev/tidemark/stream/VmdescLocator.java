// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.vmstate.VmDescription;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/*
 * vmdesc is found from behind: a position p with byte 06, be32 = bytes from p+5 to the end, byte p+5 a brace, byte
 * p-1 the 00 of EOF. JSON has no control bytes, and 06 is one: no such byte stands behind p+4, so that p is the
 * last of them or one of the four before. On a live stream this is asked again and again while the guest stands
 * still: each byte is looked at once for that. The check that the bytes are JSON is one pass over their brackets
 * and strings, with no object made; the full parser reads them later. A rehearsal sees to it that it is compiled
 * when it matters.
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

  /// From the type byte to the JSON.
  private static final int JSON = StreamDescriptor.SIZE_VMDESC_HEADER;

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

  /// Where the EOF byte is, if the last of `size` bytes is the end of a stream with vmdesc; else
  /// -1.
  static int inPrefix(byte[] bytes, int size) {
    return new Growing().atEnd(bytes, size);
  }

  /// A search in bytes that grow from call to call. Either [#atEnd] or [#first] is asked, not both.
  static final class Growing {
    /// The last byte that JSON cannot have, among those looked at; -1 if there is none.
    private int lastControl = -1;

    /// How many bytes have been looked at.
    private int searched;

    /// Where the EOF byte is, if the last of `size` bytes is the end of a stream with vmdesc; else
    /// -1.
    int atEnd(byte[] bytes, int size) {
      note(bytes, size);
      if (size > 0 && bytes[size - 1] == '}') {
        for (int p = lastControl; p >= oldestOpen(); p--) {
          if (jsonEnd(bytes, p, size) == size && isObject(bytes, p + JSON, size)) {
            return p - 1;
          }
        }
      }
      return -1;
    }

    /// The first EOF with vmdesc behind it in `size` bytes; null if there is none whole.
    @Nullable Place first(byte[] bytes, int size) {
      Place found = first(bytes, size, oldestOpen(), lastControl + 1);
      if (found == null) {
        found = first(bytes, size, Math.max(Math.max(1, lastControl + 1), searched - JSON), size);
      }
      note(bytes, size);
      return found;
    }

    /// The same among type bytes at `from` to `to`; of JSON that has become whole only now.
    private @Nullable Place first(byte[] bytes, int size, int from, int to) {
      for (int p = from; p < to; p++) {
        long end = jsonEnd(bytes, p, size);
        if (end > searched && end <= size && isObject(bytes, p + JSON, (int) end)) {
          return new Place(p - 1, end);
        }
      }
      return null;
    }

    private int oldestOpen() {
      return Math.max(1, lastControl - JSON + 1);
    }

    private void note(byte[] bytes, int size) {
      for (int i = size - 1; i >= searched; i--) {
        if (isControl(bytes[i])) {
          lastControl = i;
          break;
        }
      }
      searched = size;
    }
  }

  /// Where the JSON ends whose type byte is at `p`, by its length; -1 if it does not look like one.
  private static long jsonEnd(byte[] bytes, int p, int size) {
    int json = p + JSON;
    if (json >= size
        || bytes[p] != StreamDescriptor.VMDESCRIPTION
        || bytes[p - 1] != StreamDescriptor.EOF
        || bytes[json] != '{') {
      return -1;
    }
    int length = ByteBuffer.wrap(bytes).getInt(p + 1);
    return length > 0 ? (long) json + length : -1;
  }

  private static boolean isControl(int c) {
    return c < ' ' && c != '\n' && c != '\r' && c != '\t';
  }

  /// How many of `size` bytes are left without the zeroes behind them.
  static int withoutPadding(byte[] bytes, int size) {
    int end = size;
    while (end > 0 && bytes[end - 1] == 0) {
      end--;
    }
    return end;
  }

  /// The vmdesc at the end of a stored stream, if there is one that QEMU itself reads.
  static Optional<VmDescription> layout(ByteSource source, StreamLimits limits) throws IOException {
    Place place = in(source, limits);
    return place == null ? Optional.empty() : layout(source, place);
  }

  static Optional<VmDescription> layout(ByteSource source, Place place) throws IOException {
    byte[] json = new byte[(int) (place.end() - place.json())];
    source.read(place.json(), MemorySegment.ofArray(json));
    try {
      return Optional.of(
          VmDescription.parse(new String(json, StandardCharsets.UTF_8), place.json()));
    } catch (StreamException unusable) {
      // The device sections stay one tail.
      return Optional.empty();
    }
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
      if (isControl(c)) {
        return false;
      }
      if (inString) {
        if (c == '\\') {
          i++;
          if (i < to && isControl(bytes[i])) {
            return false;
          }
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
