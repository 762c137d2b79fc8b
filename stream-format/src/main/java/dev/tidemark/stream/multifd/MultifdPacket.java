// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import dev.tidemark.stream.ram.RamPages;

/// One packet of a multifd channel, delivered in channel order.
///
/// Packets are values: they stay valid after the reader has moved on. The one exception is
/// [RamPacket#pages], which is a loan on the reader's window and ends at the next packet.
///
/// Format: `multifd_recv_thread` in `migration/multifd.c`, QEMU 10.0.2.
public sealed interface MultifdPacket {
  /// Offset of the packet's first byte, in bytes from the start of the channel; of no meaning in a
  /// packet that was not read.
  long streamOffset();

  /// Pages of one RAM block, or a SYNC, or both: QEMU before 9.0 may put pages into a SYNC packet,
  /// and they belong before it.
  ///
  /// @param header its fields
  /// @param pages the pages, zero pages first, as a QEMU destination takes them; from a reader:
  ///     readable once and only until the next packet
  record RamPacket(long streamOffset, RamPacketHeader header, RamPages pages)
      implements MultifdPacket {
    /// A SYNC packet without pages.
    ///
    /// @param packetNumber which packet of all channels
    public static RamPacket sync(long packetNumber) {
      return new RamPacket(0, RamPacketHeader.sync(packetNumber), RamPages.NONE);
    }
  }

  /// State of a device that does not go through the main channel; VFIO has it, from QEMU 10.0 on.
  /// Such packets have no order among channels: the payload itself says where it belongs.
  ///
  /// @param idstr name of the device, at most 255 characters, each one byte (Latin-1)
  /// @param instanceId which one of several with the same name; unsigned
  /// @param data the payload, 1 byte or more
  record DeviceStatePacket(long streamOffset, String idstr, int instanceId, byte[] data)
      implements MultifdPacket {
    /// Checks name and payload.
    public DeviceStatePacket {
      if (idstr.length() >= MultifdPacketDescriptor.SIZE_IDSTR
          || idstr.chars().anyMatch(c -> c == 0 || c > 0xff)) {
        throw new IllegalArgumentException("name \"" + idstr + "\"");
      }
      if (data.length == 0) {
        throw new IllegalArgumentException("no device state");
      }
    }
  }
}
