// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

/// The target page size (the guest's) by which a stream's RAM sections are read.
///
/// It must be known before the first page record, since it splits each record's word into address
/// and flags.
///
/// @param bytes the size, a power of two from 1 KiB to 64 KiB, or 0 to find it out: from vmdesc
///     where it can be seen beforehand, else from the configuration section, else 4096
public record TargetPageSize(int bytes) {
  /// Smallest size that leaves room for the flags below the address.
  public static final int MIN_BYTES = 1 << 10;

  /// Largest size of any QEMU target.
  public static final int MAX_BYTES = 1 << 16;

  /// Size assumed where nothing tells another.
  public static final int DEFAULT_BYTES = 1 << 12;

  private static final TargetPageSize DETECT = new TargetPageSize(0);

  /// Checks the size.
  public TargetPageSize {
    if (bytes != 0 && !isValid(bytes)) {
      throw new IllegalArgumentException("target page size " + bytes);
    }
  }

  /// A known size.
  ///
  /// @param bytes a power of two from 1 KiB to 64 KiB
  public static TargetPageSize of(int bytes) {
    if (bytes == 0) {
      throw new IllegalArgumentException("target page size 0");
    }
    return new TargetPageSize(bytes);
  }

  /// A size that the stream tells.
  public static TargetPageSize detect() {
    return DETECT;
  }

  /// Whether a number can be a target page size.
  ///
  /// @param bytes any number
  public static boolean isValid(long bytes) {
    return bytes >= MIN_BYTES && bytes <= MAX_BYTES && Long.bitCount(bytes) == 1;
  }
}
