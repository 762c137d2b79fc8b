// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.qcow2;

import dev.tidemark.stream.fixture.StreamSpec;
import java.nio.ByteBuffer;
import java.util.List;

/// Small images with streams in them, and changes to them.
public final class Images {
  static final long DISK = 100_000;

  private Images() {}

  /// A stream with RAM.
  ///
  /// @param seed what is in its pages
  static StreamSpec stream(int seed) {
    return new StreamSpec(
        1024,
        true,
        true,
        false,
        true,
        true,
        List.of(new StreamSpec.Block("pc.ram", 4), new StreamSpec.Block("pc.bios", 2)),
        List.of(
            List.of(),
            List.of(
                new StreamSpec.Page(0, 0, 1000 + seed, true),
                new StreamSpec.Page(0, 1, 0, true),
                new StreamSpec.Page(0, 3, 2000 + seed, false),
                new StreamSpec.Page(1, 1, 3000 + seed, true)),
            List.of(new StreamSpec.Page(1, 0, 0, true))),
        List.of(new StreamSpec.Device("device", 0, 8)),
        List.of());
  }

  static ImageWriter.Snapshot snapshot(String id, String name, int seed) {
    return new ImageWriter.Snapshot(id, name, stream(seed).encode(), DISK);
  }

  static byte[] write(ImageWriter.Form form, ImageWriter.Snapshot... snapshots) {
    return ImageWriter.write(form, DISK, List.of(snapshots), 1);
  }

  /// An image of one snapshot, `one`.
  public static byte[] small() {
    return write(ImageWriter.Form.SMALL, snapshot("1", "one", 1));
  }

  /// Where the entry of the first snapshot is.
  static int entry(byte[] image) {
    return (int) ByteBuffer.wrap(image).getLong(Qcow2Descriptor.TABLE_OFFSET);
  }

  /// Where the first snapshot's L1 table has the first entry that is not 0.
  static int l1(byte[] image) {
    int at = (int) ByteBuffer.wrap(image).getLong(entry(image));
    while (ByteBuffer.wrap(image).getLong(at) == 0) {
      at += Long.BYTES;
    }
    return at;
  }

  /// Where the L2 table of [#l1] is.
  static int l2(byte[] image) {
    return (int) ByteBuffer.wrap(image).getLong(l1(image));
  }

  static byte[] withLong(byte[] image, int at, long value) {
    byte[] changed = image.clone();
    ByteBuffer.wrap(changed).putLong(at, value);
    return changed;
  }

  static byte[] withInt(byte[] image, int at, int value) {
    byte[] changed = image.clone();
    ByteBuffer.wrap(changed).putInt(at, value);
    return changed;
  }
}
