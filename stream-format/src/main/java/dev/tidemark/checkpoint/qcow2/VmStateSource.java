// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.qcow2;

import dev.tidemark.checkpoint.ByteSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// The VM's state of a snapshot, read from its clusters. Clusters that are neighbours in the image
/// too are read at once.
///
/// May be used by several threads at once, if the image's source may.
final class VmStateSource implements ByteSource {
  private static final String CONTEXT = "VM state";

  private final ImageBytes image;
  private final SnapshotClusters clusters;
  private final CompressedClusters compressed;
  private final long size;
  private final long unit;
  private final int clusterSize;

  VmStateSource(
      ImageBytes image,
      SnapshotClusters clusters,
      CompressedClusters compressed,
      int clusterSize,
      long size) {
    this.image = image;
    this.clusters = clusters;
    this.compressed = compressed;
    this.size = size;
    this.unit = 1L << clusters.unitBits();
    this.clusterSize = clusterSize;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long position, MemorySegment target) throws IOException {
    if (position < 0) {
      throw new IllegalArgumentException("negative position " + position);
    }
    long rest = Math.max(0, size - position);
    int length = (int) Math.min(Math.min(rest, target.byteSize()), Integer.MAX_VALUE);
    int done = 0;
    while (done < length) {
      done += readPiece(position + done, target.asSlice(done, length - done));
    }
    return length;
  }

  /// Reads what lies together: at least up to the end of a unit.
  ///
  /// @return how many bytes
  private int readPiece(long at, MemorySegment target) throws IOException {
    long start = at & -unit;
    long place = clusters.locate(start);
    if (place == SnapshotClusters.COMPRESSED) {
      return readCompressed(at, target);
    }
    long end = start + unit;
    long wanted = at + target.byteSize();
    while (end < wanted && follows(end, start, place)) {
      end += unit;
    }
    MemorySegment piece = target.asSlice(0, Math.min(end, wanted) - at);
    if (place == SnapshotClusters.ZEROES) {
      piece.fill((byte) 0);
    } else {
      image.read(place + (at - start), piece, CONTEXT);
    }
    return (int) piece.byteSize();
  }

  /// Whether a unit lies behind a piece in the image too.
  private boolean follows(long next, long start, long place) throws IOException {
    long expected = place == SnapshotClusters.ZEROES ? place : place + (next - start);
    return clusters.locate(next) == expected;
  }

  private int readCompressed(long at, MemorySegment target) throws IOException {
    byte[] cluster = compressed.read(clusters.entry(at));
    int from = (int) (at & (clusterSize - 1));
    int length = (int) Math.min(clusterSize - from, target.byteSize());
    MemorySegment.copy(MemorySegment.ofArray(cluster), from, target, 0, length);
    return length;
  }

  /// Does nothing: the image is its owner's.
  @Override
  public void close() {}
}
