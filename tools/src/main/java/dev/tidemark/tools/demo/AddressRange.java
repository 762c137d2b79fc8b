// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

/// A range of guest-physical addresses.
///
/// @param start first address in it, in bytes
/// @param end the address behind its last one; at least `start`
public record AddressRange(long start, long end) {
  /// Checks the order.
  public AddressRange {
    if (Long.compareUnsigned(start, end) > 0) {
      throw new IllegalArgumentException(
          "a range that ends before it starts: %x-%x".formatted(start, end));
    }
  }

  /// Reads the form of the guest's protocol, such as `1000000-9000000`.
  ///
  /// @param text two hexadecimal numbers with a dash between them
  /// @throws IllegalArgumentException if it is something else
  static AddressRange parse(String text) {
    int dash = text.indexOf('-');
    if (dash < 0) {
      throw new IllegalArgumentException("not a range: " + text);
    }
    return new AddressRange(
        Long.parseUnsignedLong(text, 0, dash, 16),
        Long.parseUnsignedLong(text, dash + 1, text.length(), 16));
  }

  /// Whether an address is in it.
  ///
  /// @param address in bytes
  public boolean contains(long address) {
    return address >= start && address < end;
  }

  /// How many bytes it has.
  public long size() {
    return end - start;
  }

  /// As the guest writes it.
  @Override
  public String toString() {
    return Long.toHexString(start) + "-" + Long.toHexString(end);
  }
}
