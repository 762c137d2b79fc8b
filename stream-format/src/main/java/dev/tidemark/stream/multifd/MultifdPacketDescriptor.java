// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import static java.nio.ByteOrder.BIG_ENDIAN;

import java.lang.foreign.ValueLayout;

/// The bytes of a multifd channel. All integers are big-endian.
///
/// Once, first:
///
/// ```
///   0  +--------------------+--------------------+
///      | magic 0x11223344   | version 1          |
///   8  +--------------------+--------------------+
///      | uuid of the VM, 16 bytes                |
///  24  +----+------------------------------------+
///      | id | zero, 39 bytes                     |
///  64  +----+------------------------------------+
/// ```
///
/// Then packets of two kinds, told apart by the flags. RAM, and SYNC:
///
/// ```
///   0  +--------------------+--------------------+
///      | magic 0x11223344   | version 1          |
///   8  +--------------------+--------------------+
///      | flags              | pages_alloc        |   0 in a SYNC packet, from QEMU 9.0 on
///  16  +--------------------+--------------------+
///      | normal_pages       | next_packet_size   |   bytes of the payload
///  24  +--------------------+--------------------+
///      | packet_num                              |
///  32  +--------------------+--------------------+
///      | zero_pages         | zero, 28 bytes     |
///  64  +--------------------+--------------------+
///      | name of the RAM block, NUL padded       |
/// 320  +-----------------------------------------+
///      | be64 page offset, 512 KiB / page size   |   normal pages, then zero pages, then what
///      | of them                                 |   is not used: 0, or left over before 9.0
///      +-----------------------------------------+
///      | payload: the normal pages' content      |
///      +-----------------------------------------+
/// ```
///
/// Device state, with flag `DEVICE_STATE`:
///
/// ```
///   0  +--------------------+--------------------+
///      | magic 0x11223344   | version 1          |
///   8  +--------------------+--------------------+
///      | flags 0x40         |                    |
///  12  +--------------------+                    |
///      | idstr, NUL padded, 256 bytes            |
/// 268  +--------------------+--------------------+
///      | instance_id        | next_packet_size   |   1 or more
/// 276  +--------------------+--------------------+
///      | payload                                 |
///      +-----------------------------------------+
/// ```
///
/// Format: `MultiFDInit_t`, `MultiFDPacket_t`, `MultiFDPacketDeviceState_t` in
/// `migration/multifd.h` and `migration/multifd.c`, QEMU 10.0.2.
final class MultifdPacketDescriptor {
  static final int MAGIC = 0x11223344;
  static final int VERSION = 1;

  static final int SIZE_INITIAL = 64;
  static final int INITIAL_UUID = 8;
  static final int INITIAL_ID = 24;
  static final int INITIAL_RESERVED = 25;

  /// Magic, version, flags: what all packets have in common.
  static final int SIZE_COMMON = 12;

  static final int FLAGS = 8;
  static final int PAGES_ALLOC = 12;
  static final int NORMAL_PAGES = 16;
  static final int NEXT_PACKET_SIZE = 20;
  static final int PACKET_NUM = 24;
  static final int ZERO_PAGES = 32;
  static final int RESERVED = 36;
  static final int IDSTR = 64;
  static final int SIZE_IDSTR = 256;
  static final int OFFSETS = 320;

  static final int DEVICE_IDSTR = 12;
  static final int DEVICE_INSTANCE_ID = 268;
  static final int DEVICE_NEXT_PACKET_SIZE = 272;
  static final int SIZE_DEVICE_STATE = 276;

  static final int FLAG_SYNC = 0x01;
  static final int FLAG_METHOD = 0x3e;
  static final int FLAG_DEVICE_STATE = 0x40;

  /// `MULTIFD_PACKET_SIZE`: bytes of all pages of a full packet.
  static final int PACKET_BYTES = 512 << 10;

  /// Most that a compressed payload can have: what a QEMU destination has room for.
  static final int MAX_PAYLOAD = 2 * PACKET_BYTES;

  static final ValueLayout.OfInt BE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(BIG_ENDIAN);
  static final ValueLayout.OfLong BE64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(BIG_ENDIAN);

  private MultifdPacketDescriptor() {}

  /// Entries of the offset array.
  static int pageCount(int targetPageSize) {
    return PACKET_BYTES / targetPageSize;
  }

  /// Bytes of a RAM packet without its payload.
  static int sizeRam(int pageCount) {
    return OFFSETS + 8 * pageCount;
  }
}
