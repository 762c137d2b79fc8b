// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;

/// Bytes as they stand in a stream. Immutable.
public final class WireBytes {
  private final byte[] array;
  private final int from;
  private final int length;

  private WireBytes(byte[] array, int from, int length) {
    this.array = array;
    this.from = from;
    this.length = length;
  }

  /// A copy of bytes.
  public static WireBytes of(byte... bytes) {
    return new WireBytes(bytes.clone(), 0, bytes.length);
  }

  /// A part of an array that nobody changes.
  static WireBytes slice(byte[] array, int from, int length) {
    return new WireBytes(array, from, length);
  }

  /// How many there are.
  public int length() {
    return length;
  }

  /// One of them, 0 to 255.
  ///
  /// @param index from 0
  public int at(int index) {
    return array[from + check(index, 1)] & 0xff;
  }

  /// A big-endian number of 1 to 8 bytes, without sign.
  ///
  /// @param index of its first byte
  /// @param size its bytes
  public long number(int index, int size) {
    check(index, size);
    long value = 0;
    for (int i = index; i < index + size; i++) {
      value = value << 8 | (array[from + i] & 0xff);
    }
    return value;
  }

  /// The same with other bytes in one place.
  ///
  /// @param index of the first of them
  /// @param bytes what to put there
  public WireBytes with(int index, WireBytes bytes) {
    check(index, bytes.length);
    byte[] copy = toArray();
    System.arraycopy(bytes.array, bytes.from, copy, index, bytes.length);
    return new WireBytes(copy, 0, length);
  }

  /// A copy of the bytes.
  public byte[] toArray() {
    return Arrays.copyOfRange(array, from, from + length);
  }

  /// Whether all are 0.
  public boolean isZero() {
    for (int i = from; i < from + length; i++) {
      if (array[i] != 0) {
        return false;
      }
    }
    return true;
  }

  void writeTo(ByteBuffer out) {
    out.put(array, from, length);
  }

  private int check(int index, int size) {
    if (index < 0 || size < 0 || index > length - size) {
      throw new IndexOutOfBoundsException(size + " bytes at " + index + " of " + length);
    }
    return index;
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof WireBytes other
        && Arrays.equals(
            array, from, from + length, other.array, other.from, other.from + other.length);
  }

  @Override
  public int hashCode() {
    int hash = 1;
    for (int i = from; i < from + length; i++) {
      hash = 31 * hash + array[i];
    }
    return hash;
  }

  /// Hexadecimal digits, two a byte.
  @Override
  public String toString() {
    return HexFormat.of().formatHex(array, from, from + length);
  }
}
