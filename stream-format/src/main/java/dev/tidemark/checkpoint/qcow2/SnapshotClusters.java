// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.qcow2;

import static dev.tidemark.checkpoint.qcow2.Qcow2Descriptor.*;

import dev.tidemark.stream.StreamException;
import java.io.IOException;

/// Where in an image the bytes of a snapshot's VM state are: the walk through its L1 table and the
/// L2 tables. Two steps, whatever the tables point to.
///
/// A place is that of a *unit*: a cluster, or a subcluster where there are such. May be used by
/// several threads at once.
///
/// Format: `qcow2_get_host_offset` in `block/qcow2-cluster.c`, `qcow2_get_subcluster_type` in
/// `block/qcow2.h`.
final class SnapshotClusters {
  /// A place: nothing is stored, which reads as zeroes.
  static final long ZEROES = -1;

  /// A place: the unit is in a compressed cluster, see [#entry].
  static final long COMPRESSED = -2;

  private static final String L1 = "L1 table";
  private static final String L2 = "L2 table";

  private final ImageBytes image;
  private final Qcow2Header header;
  private final long l1Offset;
  private final long l1Entries;
  private final long firstEntry;
  private final int l2Bits;
  private final int entrySize;

  /// @param diskSize bytes of the disk when the snapshot was taken: the VM's state begins with the
  ///     first L2 table behind it
  SnapshotClusters(
      ImageBytes image, Qcow2Header header, SnapshotTable.Entry snapshot, long diskSize)
      throws StreamException {
    this.image = image;
    this.header = header;
    this.l1Offset = snapshot.l1Offset();
    this.l1Entries = Integer.toUnsignedLong(snapshot.l1Entries());
    if (l1Offset < 0 || l1Offset % header.clusterSize() != 0) {
      throw new StreamException.Malformed(
          "L1 table at 0x" + Long.toHexString(l1Offset),
          snapshot.offset() + ENTRY_L1_OFFSET,
          SnapshotTable.CONTEXT);
    }
    if (l1Entries * Long.BYTES > MAX_L1) {
      throw new StreamException.LimitExceeded(
          "L1 table of " + l1Entries + " entries",
          snapshot.offset() + ENTRY_L1_ENTRIES,
          SnapshotTable.CONTEXT);
    }
    this.entrySize = header.extendedL2() ? 2 * Long.BYTES : Long.BYTES;
    this.l2Bits = header.clusterBits() - Integer.numberOfTrailingZeros(entrySize);
    int covered = header.clusterBits() + l2Bits;
    this.firstEntry = (diskSize >> covered) + (diskSize % (1L << covered) == 0 ? 0 : 1);
  }

  /// Bytes of a unit, as a power of two.
  int unitBits() {
    return header.clusterBits() - (header.extendedL2() ? SUBCLUSTER_BITS : 0);
  }

  /// Where a unit is: its offset in the image, or [#ZEROES], or [#COMPRESSED].
  ///
  /// @param offset of its first byte in the VM's state
  long locate(long offset) throws IOException {
    long at = entryPosition(offset);
    if (at == ZEROES) {
      return ZEROES;
    }
    long entry = image.word(at, L2);
    if ((entry & L2_COMPRESSED) != 0) {
      return COMPRESSED;
    }
    long cluster = entry & OFFSET_MASK;
    if (cluster % header.clusterSize() != 0) {
      throw malformed("cluster at 0x" + Long.toHexString(cluster), at);
    }
    if (header.extendedL2()) {
      return subcluster(at, cluster, (int) (offset >> unitBits()) & 31);
    }
    if ((entry & L2_ZERO) != 0) {
      if (header.version() == 2) {
        throw malformed("zero cluster in an image of version 2", at);
      }
      return ZEROES;
    }
    return cluster == 0 ? ZEROES : cluster;
  }

  private long subcluster(long at, long cluster, int number) throws IOException {
    long bits = image.word(at + Long.BYTES, L2) >>> number;
    boolean allocated = (bits & 1) != 0;
    boolean zero = (bits >>> 32 & 1) != 0;
    if (allocated && (zero || cluster == 0)) {
      throw malformed("subcluster that is allocated and is not", at + Long.BYTES);
    }
    return allocated ? cluster + ((long) number << unitBits()) : ZEROES;
  }

  /// The L2 entry of a cluster that is there.
  ///
  /// @param offset in the VM's state
  long entry(long offset) throws IOException {
    return image.word(entryPosition(offset), L2);
  }

  /// Where in the image the L2 entry is; [#ZEROES] where there is none.
  private long entryPosition(long offset) throws IOException {
    long cluster = offset >> header.clusterBits();
    long index = firstEntry + (cluster >> l2Bits);
    if (index >= l1Entries) {
      return ZEROES;
    }
    long at = l1Offset + index * Long.BYTES;
    long table = image.word(at, L1) & OFFSET_MASK;
    if (table % header.clusterSize() != 0) {
      throw new StreamException.Malformed("L2 table at 0x" + Long.toHexString(table), at, L1);
    }
    return table == 0 ? ZEROES : table + (cluster & (1L << l2Bits) - 1) * entrySize;
  }

  private static StreamException malformed(String what, long at) {
    return new StreamException.Malformed(what, at, L2);
  }
}
