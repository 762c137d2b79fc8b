// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

/// How much a reader accepts before it refuses with [StreamException.LimitExceeded]. Every length
/// is checked against one of these before it sizes an allocation.
///
/// @param ramBlocks RAM blocks in one stream; real machines have tens
/// @param vmdescBytes bytes of vmdesc JSON; a machine with many devices has 200 KB
/// @param deviceStateBytes bytes of all device sections together; a big VM's GPU state may be tens
///     of MB
/// @param ramBytes used lengths of all RAM blocks together; the largest machines of clouds have 32
///     TiB
public record StreamLimits(int ramBlocks, int vmdescBytes, int deviceStateBytes, long ramBytes) {
  /// The limits that fit every VM seen so far, with room.
  public static final StreamLimits DEFAULT = new StreamLimits(4096, 64 << 20, 256 << 20, 1L << 46);

  /// Limits with the default RAM size.
  ///
  /// @param ramBlocks RAM blocks in one stream
  /// @param vmdescBytes bytes of vmdesc JSON
  /// @param deviceStateBytes bytes of all device sections together
  public StreamLimits(int ramBlocks, int vmdescBytes, int deviceStateBytes) {
    this(ramBlocks, vmdescBytes, deviceStateBytes, 1L << 46);
  }
}
