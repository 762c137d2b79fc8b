// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.memory;

import dev.tidemark.stream.ram.RamBlock;

/// A range of guest-physical addresses that shows a part of a RAM block.
///
/// @param start guest-physical address of its first byte, 0 or more
/// @param length in bytes, at least 1
/// @param block what stands there
/// @param blockOffset where in the block it begins, in bytes
/// @param kind what the guest may do with it
public record MemoryRange(
    long start, long length, RamBlock block, long blockOffset, MemoryKind kind) {
  /// Checks that the range lies in its block and below 2^63.
  ///
  /// @throws IllegalArgumentException if not
  public MemoryRange {
    if (start < 0
        || length < 1
        || start > Long.MAX_VALUE - length
        || blockOffset < 0
        || blockOffset > block.usedLength() - length) {
      throw new IllegalArgumentException(
          "range at 0x%x of 0x%x bytes at offset 0x%x of %s"
              .formatted(start, length, blockOffset, block));
    }
  }

  /// Guest-physical address behind its last byte.
  public long end() {
    return start + length;
  }

  /// Whether another range goes on where this one ends, in address space and block.
  ///
  /// @param next the other
  boolean continuesIn(MemoryRange next) {
    return next.start == end()
        && next.block.equals(block)
        && next.blockOffset == blockOffset + length;
  }
}
