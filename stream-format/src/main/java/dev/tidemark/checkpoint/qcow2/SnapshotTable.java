// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.qcow2;

import static dev.tidemark.checkpoint.qcow2.Qcow2Descriptor.*;

import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/// The snapshot table of an image.
///
/// Format: `qcow2_do_read_snapshots` in `block/qcow2-snapshot.c`, QEMU 10.0.2.
final class SnapshotTable {
  static final String CONTEXT = "snapshot table";

  /// Bytes of all ids and names together. QEMU cuts names at 255 bytes and ids at 127.
  private static final int MAX_NAMES = 8 << 20;

  private final ImageBytes image;
  private final Qcow2Header header;
  private final List<Entry> entries = new ArrayList<>();
  private long names;

  /// A snapshot and where its L1 table is; neither offset nor count of that is checked yet.
  ///
  /// @param snapshot what the table says
  /// @param offset where in the image its entry is
  /// @param l1Offset where its L1 table is
  /// @param l1Entries how long that is, to be taken as unsigned
  record Entry(Qcow2Snapshot snapshot, long offset, long l1Offset, int l1Entries) {}

  private SnapshotTable(ImageBytes image, Qcow2Header header) {
    this.image = image;
    this.header = header;
  }

  static List<Entry> read(ImageBytes image, Qcow2Header header) throws IOException {
    SnapshotTable table = new SnapshotTable(image, header);
    long at = header.tableOffset();
    for (int i = 0; i < header.snapshots(); i++) {
      at = table.readEntry(at);
      if (at - header.tableOffset() > MAX_TABLE) {
        throw new StreamException.LimitExceeded(
            "snapshot table of more than " + MAX_TABLE + " bytes", header.tableOffset(), CONTEXT);
      }
    }
    return table.entries;
  }

  /// Returns where the next entry is.
  private long readEntry(long at) throws IOException {
    byte[] fixed = image.read(at, SIZE_ENTRY, CONTEXT);
    int extraLength = ImageBytes.intAt(fixed, ENTRY_EXTRA_LENGTH);
    if (extraLength < 0 || extraLength > MAX_EXTRA) {
      throw new StreamException.LimitExceeded(
          Integer.toUnsignedString(extraLength) + " bytes of extra data",
          at + ENTRY_EXTRA_LENGTH,
          CONTEXT);
    }
    int idLength = ImageBytes.shortAt(fixed, ENTRY_ID_LENGTH);
    int nameLength = ImageBytes.shortAt(fixed, ENTRY_NAME_LENGTH);
    names += idLength + nameLength;
    if (names > MAX_NAMES) {
      throw new StreamException.LimitExceeded(
          "names of snapshots of more than " + MAX_NAMES + " bytes", at + ENTRY_ID_LENGTH, CONTEXT);
    }
    int length = extraLength + idLength + nameLength;
    byte[] rest = image.read(at + SIZE_ENTRY, length, CONTEXT);
    Qcow2Snapshot snapshot =
        new Qcow2Snapshot(
            text(rest, extraLength, idLength),
            text(rest, extraLength + idLength, nameLength),
            Instant.ofEpochSecond(
                Integer.toUnsignedLong(ImageBytes.intAt(fixed, ENTRY_SECONDS)),
                Integer.toUnsignedLong(ImageBytes.intAt(fixed, ENTRY_NANOSECONDS))),
            Duration.ofNanos(ImageBytes.longAt(fixed, ENTRY_CLOCK)),
            stateSize(at, fixed, rest, extraLength),
            diskSize(at, rest, extraLength),
            icount(rest, extraLength));
    entries.add(
        new Entry(
            snapshot,
            at,
            ImageBytes.longAt(fixed, ENTRY_L1_OFFSET),
            ImageBytes.intAt(fixed, ENTRY_L1_ENTRIES)));
    long end = at + SIZE_ENTRY + length - header.tableOffset();
    return header.tableOffset() + (end + ENTRY_ALIGNMENT - 1) / ENTRY_ALIGNMENT * ENTRY_ALIGNMENT;
  }

  private static String text(byte[] bytes, int at, int length) {
    return new String(bytes, at, length, StandardCharsets.UTF_8);
  }

  private long stateSize(long at, byte[] fixed, byte[] extra, int extraLength)
      throws StreamException {
    boolean wide = extraLength >= EXTRA_STATE_SIZE + Long.BYTES;
    long size =
        wide
            ? ImageBytes.longAt(extra, EXTRA_STATE_SIZE)
            : Integer.toUnsignedLong(ImageBytes.intAt(fixed, ENTRY_STATE_SIZE));
    if (size < 0) {
      throw malformed("VM state", size, at + SIZE_ENTRY + EXTRA_STATE_SIZE);
    }
    return size;
  }

  private static OptionalLong diskSize(long at, byte[] extra, int extraLength)
      throws StreamException {
    if (extraLength < EXTRA_DISK_SIZE + Long.BYTES) {
      return OptionalLong.empty();
    }
    long size = ImageBytes.longAt(extra, EXTRA_DISK_SIZE);
    if (size < 0) {
      throw malformed("disk", size, at + SIZE_ENTRY + EXTRA_DISK_SIZE);
    }
    return OptionalLong.of(size);
  }

  private static OptionalLong icount(byte[] extra, int extraLength) {
    if (extraLength < EXTRA_ICOUNT + Long.BYTES) {
      return OptionalLong.empty();
    }
    long count = ImageBytes.longAt(extra, EXTRA_ICOUNT);
    return count == -1 ? OptionalLong.empty() : OptionalLong.of(count);
  }

  private static StreamException malformed(String what, long size, long offset) {
    return new StreamException.Malformed(
        what + " of 0x" + Long.toHexString(size) + " bytes", offset, CONTEXT);
  }
}
