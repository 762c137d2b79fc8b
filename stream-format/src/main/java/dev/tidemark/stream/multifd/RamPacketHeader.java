// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import java.util.Objects;

/// The fields of a RAM or SYNC packet, beside the offsets of its pages.
///
/// Format: `MultiFDPacket_t` in `migration/multifd.h`, QEMU 10.0.2.
///
/// @param flags SYNC and the compression method
/// @param pagesAlloc entries of the offset array; 0 in a SYNC packet, from QEMU 9.0 on
/// @param normalPages pages with content
/// @param nextPacketSize bytes of the payload. Of no meaning without normal pages: QEMU before 9.0
///     leaves a former packet's there
/// @param packetNumber counted over all channels; only to be looked at
/// @param zeroPages pages that are all zeroes; 0 before QEMU 9.0
/// @param idstr name of the RAM block; empty in a SYNC packet, from QEMU 9.0 on
/// @param unusedOffsets the offset array behind the entries in use, where not all of it is 0; else
///     empty. QEMU before 9.0 leaves a former packet's there. Never shared
public record RamPacketHeader(
    int flags,
    int pagesAlloc,
    int normalPages,
    int nextPacketSize,
    long packetNumber,
    int zeroPages,
    String idstr,
    long[] unusedOffsets) {
  private static final long[] NONE = {};

  /// Checks counts and name.
  public RamPacketHeader {
    if ((flags & MultifdPacketDescriptor.FLAG_DEVICE_STATE) != 0
        || MultifdMethod.of(flags) == null) {
      throw new IllegalArgumentException("flags 0x" + Integer.toHexString(flags));
    }
    if (normalPages < 0
        || zeroPages < 0
        || pagesAlloc < 0
        || (long) normalPages + zeroPages > pagesAlloc) {
      throw new IllegalArgumentException(
          normalPages + " normal and " + zeroPages + " zero pages of " + pagesAlloc);
    }
    if (idstr.length() >= MultifdPacketDescriptor.SIZE_IDSTR
        || idstr.chars().anyMatch(c -> c == 0 || c > 0xff)) {
      throw new IllegalArgumentException("name \"" + idstr + "\"");
    }
  }

  /// Of a SYNC packet, as QEMU from 9.0 on writes it.
  ///
  /// @param packetNumber which packet of all channels
  public static RamPacketHeader sync(long packetNumber) {
    return new RamPacketHeader(
        MultifdPacketDescriptor.FLAG_SYNC, 0, 0, 0, packetNumber, 0, "", NONE);
  }

  /// Of a packet with pages, as QEMU from 9.0 on writes it. The payload's size is found when it is
  /// written.
  ///
  /// @param method how its payload is compressed
  /// @param targetPageSize target page size in bytes
  /// @param packetNumber which packet of all channels
  /// @param idstr name of the RAM block
  /// @param normalPages pages with content
  /// @param zeroPages pages that are all zeroes
  public static RamPacketHeader of(
      MultifdMethod method,
      int targetPageSize,
      long packetNumber,
      String idstr,
      int normalPages,
      int zeroPages) {
    return new RamPacketHeader(
        method.flag(),
        MultifdPacketDescriptor.pageCount(targetPageSize),
        normalPages,
        method == MultifdMethod.NONE ? normalPages * targetPageSize : 0,
        packetNumber,
        zeroPages,
        idstr,
        NONE);
  }

  /// Whether all channels meet behind this packet.
  public boolean isSync() {
    return (flags & MultifdPacketDescriptor.FLAG_SYNC) != 0;
  }

  /// How the payload is compressed; of no meaning without pages.
  public MultifdMethod method() {
    return Objects.requireNonNull(MultifdMethod.of(flags));
  }
}
