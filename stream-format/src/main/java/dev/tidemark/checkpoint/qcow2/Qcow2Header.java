// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.qcow2;

import static dev.tidemark.checkpoint.qcow2.Qcow2Descriptor.*;

import dev.tidemark.stream.StreamException;
import java.io.IOException;

/// What the header of an image says about reading it.
///
/// @param version 2 or 3
/// @param clusterBits 9 to 21; a cluster is that power of two
/// @param diskSize bytes of the disk as it is now
/// @param snapshots how many there are
/// @param tableOffset where the snapshot table is; meaningless if there are none
/// @param corrupt whether QEMU has marked the image as corrupt
/// @param extendedL2 whether clusters have subclusters
/// @param zstd whether compressed clusters are zstd's, else deflate's
record Qcow2Header(
    int version,
    int clusterBits,
    long diskSize,
    int snapshots,
    long tableOffset,
    boolean corrupt,
    boolean extendedL2,
    boolean zstd) {
  private static final String CONTEXT = "qcow2 header";
  private static final long KNOWN =
      INCOMPATIBLE_DIRTY
          | INCOMPATIBLE_CORRUPT
          | INCOMPATIBLE_DATA_FILE
          | INCOMPATIBLE_COMPRESSION
          | INCOMPATIBLE_EXTENDED_L2;

  /// Bytes of a cluster.
  int clusterSize() {
    return 1 << clusterBits;
  }

  static Qcow2Header read(ImageBytes image) throws IOException {
    byte[] start = image.read(0, SIZE_HEADER_2, CONTEXT);
    if (ImageBytes.intAt(start, 0) != MAGIC) {
      throw malformed("no qcow2 image", 0);
    }
    int version = ImageBytes.intAt(start, VERSION_OFFSET);
    if (version != 2 && version != 3) {
      throw unsupported("qcow2 version " + Integer.toUnsignedString(version), VERSION_OFFSET);
    }
    int clusterBits = ImageBytes.intAt(start, CLUSTER_BITS_OFFSET);
    if (clusterBits < MIN_CLUSTER_BITS || clusterBits > MAX_CLUSTER_BITS) {
      throw malformed(
          "clusters of 2^" + Integer.toUnsignedString(clusterBits) + " bytes", CLUSTER_BITS_OFFSET);
    }
    Features features = version == 2 ? Features.NONE : Features.read(image, clusterBits);
    checkEncryption(ImageBytes.intAt(start, ENCRYPTION_OFFSET));
    long diskSize = ImageBytes.longAt(start, DISK_SIZE_OFFSET);
    if (diskSize < 0) {
      throw malformed("disk of 0x" + Long.toHexString(diskSize) + " bytes", DISK_SIZE_OFFSET);
    }
    int snapshots = ImageBytes.intAt(start, SNAPSHOTS_OFFSET);
    if (snapshots < 0 || snapshots > MAX_SNAPSHOTS) {
      throw new StreamException.LimitExceeded(
          Integer.toUnsignedString(snapshots) + " snapshots", SNAPSHOTS_OFFSET, CONTEXT);
    }
    long tableOffset = ImageBytes.longAt(start, TABLE_OFFSET);
    if (snapshots > 0 && (tableOffset < 0 || tableOffset % (1L << clusterBits) != 0)) {
      throw malformed("snapshot table at 0x" + Long.toHexString(tableOffset), TABLE_OFFSET);
    }
    return new Qcow2Header(
        version,
        clusterBits,
        diskSize,
        snapshots,
        tableOffset,
        features.corrupt,
        features.extendedL2,
        features.zstd);
  }

  private static void checkEncryption(int method) throws StreamException {
    switch (method) {
      case 0 -> {}
      case 1 -> throw unsupported("image encrypted with AES", ENCRYPTION_OFFSET);
      case 2 -> throw unsupported("image encrypted with LUKS", ENCRYPTION_OFFSET);
      default ->
          throw malformed(
              "encryption method " + Integer.toUnsignedString(method), ENCRYPTION_OFFSET);
    }
  }

  /// What version 3 adds.
  private record Features(boolean corrupt, boolean extendedL2, boolean zstd) {
    static final Features NONE = new Features(false, false, false);

    static Features read(ImageBytes image, int clusterBits) throws IOException {
      byte[] start = image.read(0, SIZE_HEADER_3, CONTEXT);
      long incompatible = ImageBytes.longAt(start, INCOMPATIBLE_OFFSET);
      if ((incompatible & ~KNOWN) != 0) {
        throw unsupported(
            "incompatible features 0x" + Long.toHexString(incompatible & ~KNOWN),
            INCOMPATIBLE_OFFSET);
      }
      if ((incompatible & INCOMPATIBLE_DATA_FILE) != 0) {
        throw unsupported(
            "image with an external data file, which can hold no VM's state", INCOMPATIBLE_OFFSET);
      }
      boolean extended = (incompatible & INCOMPATIBLE_EXTENDED_L2) != 0;
      if (extended && clusterBits < MIN_EXTENDED_CLUSTER_BITS) {
        throw malformed(
            "subclusters in clusters of 2^" + clusterBits + " bytes", CLUSTER_BITS_OFFSET);
      }
      int length = ImageBytes.intAt(start, HEADER_LENGTH_OFFSET);
      if (length < SIZE_HEADER_3 || length > 1 << clusterBits || length % 8 != 0) {
        throw malformed(
            "header of " + Integer.toUnsignedString(length) + " bytes", HEADER_LENGTH_OFFSET);
      }
      return new Features(
          (incompatible & INCOMPATIBLE_CORRUPT) != 0,
          extended,
          isZstd(image, length, (incompatible & INCOMPATIBLE_COMPRESSION) != 0));
    }

    private static boolean isZstd(ImageBytes image, int length, boolean named) throws IOException {
      int type =
          length > COMPRESSION_OFFSET ? image.read(COMPRESSION_OFFSET, 1, CONTEXT)[0] & 0xff : 0;
      if (type > 1) {
        throw unsupported("compression type " + type, COMPRESSION_OFFSET);
      }
      if (named != (type != 0)) {
        throw malformed(
            "compression type " + type + " that the features contradict", INCOMPATIBLE_OFFSET);
      }
      return type == 1;
    }
  }

  private static StreamException malformed(String what, long offset) {
    return new StreamException.Malformed(what, offset, CONTEXT);
  }

  private static StreamException unsupported(String what, long offset) {
    return new StreamException.Unsupported(what, offset, CONTEXT);
  }
}
