// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import java.util.Arrays;

/// A growing byte array. Little-endian unless a method says otherwise.
final class ByteSink {
  private byte[] bytes = new byte[256];
  private int size;

  int size() {
    return size;
  }

  /// The array itself, of which [#size] bytes count; valid until the next call that adds.
  byte[] array() {
    return bytes;
  }

  byte[] toByteArray() {
    return Arrays.copyOf(bytes, size);
  }

  void clear() {
    size = 0;
  }

  private int room(int n) {
    int at = size;
    int end = Math.addExact(at, n);
    if (end > bytes.length) {
      bytes = Arrays.copyOf(bytes, (int) Math.max(end, Math.min(2L * bytes.length, 1 << 30)));
    }
    size = end;
    return at;
  }

  ByteSink u8(int value) {
    int at = room(1);
    bytes[at] = (byte) value;
    return this;
  }

  ByteSink u32(int value) {
    int at = room(4);
    Bytes.putInt(bytes, at, value);
    return this;
  }

  ByteSink u64(long value) {
    int at = room(8);
    Bytes.putLong(bytes, at, value);
    return this;
  }

  /// Big-endian, as in the stream.
  ByteSink be32(int value) {
    return u32(Integer.reverseBytes(value));
  }

  /// Big-endian, as in the stream.
  ByteSink be64(long value) {
    return u64(Long.reverseBytes(value));
  }

  ByteSink bytes(byte[] value) {
    return bytes(value, 0, value.length);
  }

  ByteSink bytes(byte[] value, int offset, int length) {
    int at = room(length);
    System.arraycopy(value, offset, bytes, at, length);
    return this;
  }

  /// Seven bits a byte, lowest first, bit 7 set on all but the last.
  ByteSink varint(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      u8((int) ((rest & 0x7f) | 0x80));
      rest >>>= 7;
    }
    return u8((int) rest);
  }
}
