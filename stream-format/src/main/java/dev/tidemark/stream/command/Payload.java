// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.command;

import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.command.MigrationCommand.PostcopyRamDiscard;
import dev.tidemark.stream.command.MigrationCommand.Range;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// The payload of a command or message: every read is checked, and all of it must be read.
final class Payload {
  /// Type byte, number and length.
  private static final int SIZE_COMMAND_HEADER = 5;

  private static final int SIZE_RANGE = 16;
  private static final int DISCARD_VERSION = 0;

  private final ByteBuffer bytes;
  private final long streamOffset;
  private final String context;

  /// @param streamOffset of the payload's first byte
  Payload(byte[] bytes, long streamOffset, String context) {
    this.bytes = ByteBuffer.wrap(bytes);
    this.streamOffset = streamOffset;
    this.context = context;
  }

  static Payload of(Command command) {
    return new Payload(
        command.data(), command.streamOffset() + SIZE_COMMAND_HEADER, "command payload");
  }

  int u8() throws StreamException {
    require(1);
    return Byte.toUnsignedInt(bytes.get());
  }

  int be32() throws StreamException {
    require(4);
    return bytes.getInt();
  }

  long be64() throws StreamException {
    require(8);
    return bytes.getLong();
  }

  /// A name of at least one byte.
  String countedString() throws StreamException {
    long at = at();
    int length = u8();
    if (length == 0) {
      throw malformed("empty name", at);
    }
    require(length);
    byte[] name = new byte[length];
    bytes.get(name);
    return new String(name, StandardCharsets.ISO_8859_1);
  }

  PostcopyRamDiscard discard() throws StreamException {
    int version = u8();
    if (version != DISCARD_VERSION) {
      throw malformed("version " + version + " of a list of ranges", streamOffset);
    }
    String block = countedString();
    long terminatorAt = at();
    int terminator = u8();
    if (terminator != 0) {
      throw malformed("0x" + Integer.toHexString(terminator) + " behind a name", terminatorAt);
    }
    if (!bytes.hasRemaining() || bytes.remaining() % SIZE_RANGE != 0) {
      throw malformed("ranges of " + bytes.remaining() + " bytes", at());
    }
    List<Range> ranges = new ArrayList<>(bytes.remaining() / SIZE_RANGE);
    while (bytes.hasRemaining()) {
      ranges.add(new Range(be64(), be64()));
    }
    return new PostcopyRamDiscard(block, ranges);
  }

  /// Nothing may follow.
  void end() throws StreamException {
    if (bytes.hasRemaining()) {
      throw malformed(bytes.remaining() + " bytes too many", at());
    }
  }

  StreamException unknown(Command command) {
    return new StreamException.Malformed(
        "unknown command 0x" + Integer.toHexString(command.command()),
        command.streamOffset() + 1,
        "command");
  }

  StreamException malformed(String what, long at) {
    return new StreamException.Malformed(what, at, context);
  }

  private long at() {
    return streamOffset + bytes.position();
  }

  private void require(int count) throws StreamException {
    if (bytes.remaining() < count) {
      throw malformed("payload of " + bytes.limit() + " bytes", at());
    }
  }

  /// Bytes of a discard command: version, name, terminator, ranges.
  static int discardBytes(int nameBytes, int ranges) {
    return ranges > PostcopyRamDiscard.MAX_RANGES
        ? Integer.MAX_VALUE
        : 3 + nameBytes + ranges * SIZE_RANGE;
  }

  static byte[] encode(PostcopyRamDiscard discard) {
    byte[] name = name(discard.block());
    ByteBuffer out = ByteBuffer.allocate(discardBytes(name.length, discard.ranges().size()));
    out.put((byte) DISCARD_VERSION).put((byte) name.length).put(name).put((byte) 0);
    for (Range range : discard.ranges()) {
      out.putLong(range.start()).putLong(range.length());
    }
    return out.array();
  }

  /// The bytes of a name that fits into a counted string.
  static byte[] name(String block) {
    if (block.isEmpty() || block.length() > 255 || block.chars().anyMatch(c -> c > 0xff)) {
      throw new IllegalArgumentException("name \"" + block + "\"");
    }
    return block.getBytes(StandardCharsets.ISO_8859_1);
  }
}
