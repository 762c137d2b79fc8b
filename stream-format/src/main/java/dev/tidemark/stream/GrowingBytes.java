// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// A byte array that grows as bytes come, and big-endian encoding into it.
final class GrowingBytes {
  private byte[] array;
  private int size;

  GrowingBytes(int expected) {
    array = new byte[Math.max(16, expected)];
  }

  int size() {
    return size;
  }

  /// The array itself; its first [#size] bytes count.
  byte[] array() {
    return array;
  }

  byte[] toArray() {
    return array.length == size ? array : Arrays.copyOf(array, size);
  }

  private void room(int count) {
    if (array.length - size < count) {
      array =
          Arrays.copyOf(
              array,
              Math.max(Math.addExact(size, count), (int) Math.min(array.length * 2L, 1 << 30)));
    }
  }

  /// Takes bytes that are in the window.
  void take(StreamWindow window, int count) {
    room(count);
    MemorySegment.copy(window.segment, ValueLayout.JAVA_BYTE, window.position, array, size, count);
    size += count;
    window.position += count;
  }

  GrowingBytes u8(int value) {
    room(1);
    array[size++] = (byte) value;
    return this;
  }

  GrowingBytes be16(int value) {
    return u8(value >>> 8).u8(value);
  }

  GrowingBytes be32(int value) {
    room(4);
    ByteBuffer.wrap(array).putInt(size, value);
    size += 4;
    return this;
  }

  GrowingBytes be64(long value) {
    room(8);
    ByteBuffer.wrap(array).putLong(size, value);
    size += 8;
    return this;
  }

  GrowingBytes bytes(byte[] bytes) {
    room(bytes.length);
    System.arraycopy(bytes, 0, array, size, bytes.length);
    size += bytes.length;
    return this;
  }

  GrowingBytes countedString(String name) {
    byte[] bytes = Names.bytes(name);
    return u8(bytes.length).bytes(bytes);
  }
}
