// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

/// How much a reader accepts before it refuses with [StreamException.LimitExceeded]. Every length
/// is checked against one of these before it sizes an allocation.
///
/// Immutable: each `with` gives a changed copy.
///
/// @param ramBlocks RAM blocks in one stream; real machines have tens
/// @param vmdescBytes bytes of vmdesc JSON; a machine with many devices has 200 KB
/// @param deviceStateBytes bytes of all device sections together; a big VM's GPU state may be tens
///     of MB
/// @param ramBytes used lengths of all RAM blocks together; the largest machines of clouds have 32
///     TiB
/// @param machineTypeBytes bytes of the machine type's name; QEMU's are below 40
/// @param capabilities capabilities in the configuration section; QEMU has some twenty
/// @param iterableBytes bytes of one section of an iterable device other than RAM; a GPU sends
///     hundreds of MB in its last one
/// @param packageBytes bytes of one PACKAGED command: device state with a few commands around it
/// @param pipedRamBytes bytes of RAM content kept in memory outside the heap while a mapped-ram
///     stream is read from a pipe, where the pages of one block stand before the next block's name;
///     a file has no such limit
/// @param receivedBitmapBytes bytes of a bitmap on the return path, one bit a page: the default is
///     enough for a RAM block of 8 TiB
public record StreamLimits(
    int ramBlocks,
    int vmdescBytes,
    int deviceStateBytes,
    long ramBytes,
    int machineTypeBytes,
    int capabilities,
    int iterableBytes,
    int packageBytes,
    long pipedRamBytes,
    int receivedBitmapBytes) {
  /// The limits that fit every VM seen so far, with room.
  public static final StreamLimits DEFAULT =
      new StreamLimits(
          4096, 64 << 20, 256 << 20, 1L << 46, 1024, 256, 512 << 20, 320 << 20, 1L << 30,
          256 << 20);

  /// Most bytes of anything that is kept as an array.
  private static final int MAX_ARRAY = 1 << 30;

  /// Most RAM: sums of lengths stay far from overflow.
  private static final long MAX_RAM = 1L << 56;

  /// Checks that each is positive and none lets a sum overflow.
  public StreamLimits {
    check("ramBlocks", ramBlocks, 1 << 20);
    check("vmdescBytes", vmdescBytes, MAX_ARRAY);
    check("deviceStateBytes", deviceStateBytes, MAX_ARRAY);
    check("ramBytes", ramBytes, MAX_RAM);
    check("machineTypeBytes", machineTypeBytes, 1 << 20);
    check("capabilities", capabilities, 1 << 16);
    check("iterableBytes", iterableBytes, MAX_ARRAY);
    check("packageBytes", packageBytes, MAX_ARRAY);
    check("pipedRamBytes", pipedRamBytes, MAX_RAM);
    check("receivedBitmapBytes", receivedBitmapBytes, MAX_ARRAY);
  }

  private static void check(String name, long value, long most) {
    if (value <= 0 || value > most) {
      throw new IllegalArgumentException(name + " " + value + ", not in 1 to " + most);
    }
  }

  /// The same with another [#ramBlocks].
  ///
  /// @param newRamBlocks 1 to 1048576
  public StreamLimits withRamBlocks(int newRamBlocks) {
    return new StreamLimits(
        newRamBlocks,
        vmdescBytes,
        deviceStateBytes,
        ramBytes,
        machineTypeBytes,
        capabilities,
        iterableBytes,
        packageBytes,
        pipedRamBytes,
        receivedBitmapBytes);
  }

  /// The same with another [#ramBytes].
  ///
  /// @param bytes 1 to 2^56
  public StreamLimits withRamBytes(long bytes) {
    return new StreamLimits(
        ramBlocks,
        vmdescBytes,
        deviceStateBytes,
        bytes,
        machineTypeBytes,
        capabilities,
        iterableBytes,
        packageBytes,
        pipedRamBytes,
        receivedBitmapBytes);
  }

  /// The same with other [#deviceStateBytes] and [#vmdescBytes].
  ///
  /// @param stateBytes 1 to 2^30
  /// @param jsonBytes 1 to 2^30
  public StreamLimits withDeviceState(int stateBytes, int jsonBytes) {
    return new StreamLimits(
        ramBlocks,
        jsonBytes,
        stateBytes,
        ramBytes,
        machineTypeBytes,
        capabilities,
        iterableBytes,
        packageBytes,
        pipedRamBytes,
        receivedBitmapBytes);
  }

  /// The same with another [#iterableBytes].
  ///
  /// @param bytes 1 to 2^30
  public StreamLimits withIterableBytes(int bytes) {
    return new StreamLimits(
        ramBlocks,
        vmdescBytes,
        deviceStateBytes,
        ramBytes,
        machineTypeBytes,
        capabilities,
        bytes,
        packageBytes,
        pipedRamBytes,
        receivedBitmapBytes);
  }

  /// The same with another [#packageBytes].
  ///
  /// @param bytes 1 to 2^30
  public StreamLimits withPackageBytes(int bytes) {
    return new StreamLimits(
        ramBlocks,
        vmdescBytes,
        deviceStateBytes,
        ramBytes,
        machineTypeBytes,
        capabilities,
        iterableBytes,
        bytes,
        pipedRamBytes,
        receivedBitmapBytes);
  }

  /// The same with another [#pipedRamBytes].
  ///
  /// @param bytes 1 to 2^56
  public StreamLimits withPipedRamBytes(long bytes) {
    return new StreamLimits(
        ramBlocks,
        vmdescBytes,
        deviceStateBytes,
        ramBytes,
        machineTypeBytes,
        capabilities,
        iterableBytes,
        packageBytes,
        bytes,
        receivedBitmapBytes);
  }

  /// The same with another [#receivedBitmapBytes].
  ///
  /// @param bytes 1 to 2^30
  public StreamLimits withReceivedBitmapBytes(int bytes) {
    return new StreamLimits(
        ramBlocks,
        vmdescBytes,
        deviceStateBytes,
        ramBytes,
        machineTypeBytes,
        capabilities,
        iterableBytes,
        packageBytes,
        pipedRamBytes,
        bytes);
  }
}
