// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.qcow2;

/// Where things stand in a qcow2 image. All integers are big-endian.
///
/// ```
/// header                      snapshot table entry        L1 entry
///   0  magic "QFI" 0xfb         0  L1 offset      8         bits 9..55  offset of an L2 table
///   4  version                  8  L1 entries     4
///  20  cluster bits            12  id length      2       L2 entry
///  24  size of the disk        14  name length    2         bits 9..55  offset of a cluster
///  32  encryption              16  seconds        4         bit 0       reads as zeroes
///  60  snapshots               20  nanoseconds    4         bit 62      compressed
///  64  snapshot table's offset 24  VM clock       8       extended: behind it 8 bytes more
///  72  incompatible features   32  VM state size  4         bits 0..31  subcluster allocated
/// 100  header length           36  extra data, E  4         bits 32..63 subcluster reads as zeroes
/// 104  compression             40  the extra data E
///                            40+E  id, name
/// ```
///
/// Format: `docs/interop/qcow2.txt`, `block/qcow2.h`, QEMU 10.0.2.
final class Qcow2Descriptor {
  static final int MAGIC = 0x514649fb;
  static final int VERSION_OFFSET = 4;
  static final int CLUSTER_BITS_OFFSET = 20;
  static final int DISK_SIZE_OFFSET = 24;
  static final int ENCRYPTION_OFFSET = 32;
  static final int SNAPSHOTS_OFFSET = 60;
  static final int TABLE_OFFSET = 64;

  /// Bytes of the header of version 2.
  static final int SIZE_HEADER_2 = 72;

  static final int INCOMPATIBLE_OFFSET = 72;
  static final int HEADER_LENGTH_OFFSET = 100;

  /// Least bytes of the header of version 3.
  static final int SIZE_HEADER_3 = 104;

  static final int COMPRESSION_OFFSET = 104;

  /// The refcounts are not up to date.
  static final long INCOMPATIBLE_DIRTY = 1;

  /// QEMU has found a contradiction and writes to it no more.
  static final long INCOMPATIBLE_CORRUPT = 1 << 1;

  static final long INCOMPATIBLE_DATA_FILE = 1 << 2;
  static final long INCOMPATIBLE_COMPRESSION = 1 << 3;
  static final long INCOMPATIBLE_EXTENDED_L2 = 1 << 4;

  static final int MIN_CLUSTER_BITS = 9;
  static final int MAX_CLUSTER_BITS = 21;

  /// With extended L2 entries.
  static final int MIN_EXTENDED_CLUSTER_BITS = 14;

  /// Subclusters in a cluster, as a power of two.
  static final int SUBCLUSTER_BITS = 5;

  static final int MAX_SNAPSHOTS = 65_536;

  /// Bytes of a snapshot table.
  static final long MAX_TABLE = 64L << 20;

  /// Bytes of a snapshot's L1 table.
  static final long MAX_L1 = 32L << 20;

  static final int ENTRY_L1_OFFSET = 0;
  static final int ENTRY_L1_ENTRIES = 8;
  static final int ENTRY_ID_LENGTH = 12;
  static final int ENTRY_NAME_LENGTH = 14;
  static final int ENTRY_SECONDS = 16;
  static final int ENTRY_NANOSECONDS = 20;
  static final int ENTRY_CLOCK = 24;
  static final int ENTRY_STATE_SIZE = 32;
  static final int ENTRY_EXTRA_LENGTH = 36;
  static final int SIZE_ENTRY = 40;

  /// Inside the extra data: replaces the size of 32 bits.
  static final int EXTRA_STATE_SIZE = 0;

  static final int EXTRA_DISK_SIZE = 8;
  static final int EXTRA_ICOUNT = 16;
  static final int MAX_EXTRA = 1024;

  /// Entries begin at multiples of this, counted from the start of the table.
  static final int ENTRY_ALIGNMENT = 8;

  /// The offset in an L1 entry, and in an L2 entry of a cluster that is not compressed.
  static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;

  static final long L2_ZERO = 1;
  static final long L2_COMPRESSED = 1L << 62;

  /// Compressed data is counted in sectors.
  static final int SECTOR = 512;

  private Qcow2Descriptor() {}
}
