// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.elfcore;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Notes one behind the other: name, type and content, each padded to 4 bytes.
final class NoteBuffer {
  private static final int SIZE_HEADER = 12;

  private final ByteOrder order;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  NoteBuffer(ByteOrder order) {
    this.order = order;
  }

  /// Zeroes for a note's content, in the dump's byte order.
  ByteBuffer content(int size) {
    return ByteBuffer.allocate(size).order(order);
  }

  /// Adds a note.
  ///
  /// @param content of which all bytes count
  void add(String name, int type, ByteBuffer content) {
    byte[] nameBytes = (name + "\0").getBytes(StandardCharsets.US_ASCII);
    int length = content.capacity();
    ByteBuffer note =
        ByteBuffer.allocate(SIZE_HEADER + padded(nameBytes.length) + padded(length)).order(order);
    note.putInt(nameBytes.length).putInt(length).putInt(type).put(nameBytes);
    note.put(SIZE_HEADER + padded(nameBytes.length), content, 0, length);
    bytes.writeBytes(note.array());
  }

  /// Adds what is a note already, as it is.
  void addWhole(byte[] note) {
    bytes.writeBytes(note);
  }

  static int padded(int length) {
    return (length + 3) & ~3;
  }

  byte[] toByteArray() {
    return bytes.toByteArray();
  }
}
