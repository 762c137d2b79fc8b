// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.qcow2;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/// A qcow2 image, version 2 or 3, of which the internal snapshots are read.
///
/// ```java
/// Qcow2Image image = Qcow2Image.open(ByteSource.of(file));
/// Qcow2Snapshot snapshot = image.snapshot(Optional.of("before-upgrade"));
/// Checkpoint checkpoint = StreamCheckpoint.open(image.vmState(snapshot));
/// ```
///
/// Clusters of any size, compressed ones, and those with subclusters are read. Encrypted images and
/// those with an external data file are refused, and so are incompatible features that are not
/// known. An image that QEMU has marked as corrupt is read: what is taken from it is checked.
///
/// May be used by several threads at once, if its source may.
///
/// Format: `docs/interop/qcow2.txt`, QEMU 10.0.2.
public final class Qcow2Image {
  private static final byte[] STREAM_MAGIC = {'Q', 'E', 'V', 'M'};

  /// VM state may be this much larger than the image, since clusters can be compressed or not
  /// stored. Tables that show the same cluster again and again would make it endless.
  private static final int MAX_GROWTH = 8;

  private static final long GROWTH_ALLOWANCE = 16 << 20;

  /// Most snapshots that a message names.
  private static final int MAX_NAMED = 20;

  private final ImageBytes bytes;
  private final Qcow2Header header;
  private final List<SnapshotTable.Entry> entries;

  private Qcow2Image(ImageBytes bytes, Qcow2Header header, List<SnapshotTable.Entry> entries) {
    this.bytes = bytes;
    this.header = header;
    this.entries = entries;
  }

  /// Reads header and snapshot table.
  ///
  /// @param source the image's bytes; stays open, and is the caller's to close
  /// @throws StreamException if it is no qcow2 image, a damaged one, or one that is not supported
  /// @throws IOException if the source cannot be read
  public static Qcow2Image open(ByteSource source) throws IOException {
    ImageBytes bytes = new ImageBytes(source);
    Qcow2Header header = Qcow2Header.read(bytes);
    return new Qcow2Image(bytes, header, SnapshotTable.read(bytes, header));
  }

  /// Version of the format, 2 or 3.
  public int version() {
    return header.version();
  }

  /// Bytes of a cluster, a power of two from 512 to 2 MiB.
  public int clusterSize() {
    return header.clusterSize();
  }

  /// Whether QEMU has marked the image as corrupt, since it found a contradiction in it.
  public boolean isCorrupt() {
    return header.corrupt();
  }

  /// All snapshots, those of the disk alone too, in the order of the table.
  public List<Qcow2Snapshot> snapshots() {
    return entries.stream().map(SnapshotTable.Entry::snapshot).toList();
  }

  /// The snapshot that is meant, with a VM's state in it.
  ///
  /// @param nameOrId its name, or its id where no snapshot has that name; absent: the only one that
  ///     holds a VM's state
  /// @throws StreamException.Unsupported if there is none, or more than one
  public Qcow2Snapshot snapshot(Optional<String> nameOrId) throws StreamException {
    if (nameOrId.isPresent()) {
      return named(nameOrId.get());
    }
    List<Qcow2Snapshot> found = snapshots().stream().filter(Qcow2Snapshot::hasVmState).toList();
    if (found.isEmpty()) {
      throw refused("no snapshot in this image holds a VM's state");
    }
    if (found.size() > 1) {
      throw refused(
          "several snapshots in this image hold a VM's state; name one with --snapshot: "
              + list(found));
    }
    return found.getFirst();
  }

  private Qcow2Snapshot named(String wanted) throws StreamException {
    List<Qcow2Snapshot> found =
        snapshots().stream().filter(snapshot -> snapshot.name().equals(wanted)).toList();
    if (found.isEmpty()) {
      found = snapshots().stream().filter(snapshot -> snapshot.id().equals(wanted)).toList();
    }
    if (found.isEmpty()) {
      throw refused(
          "no snapshot %s in this image; there is: %s"
              .formatted(Qcow2Snapshot.quoted(wanted), list(snapshots())));
    }
    if (found.size() > 1) {
      throw refused("several snapshots with that name; use the id: " + list(found));
    }
    if (!found.getFirst().hasVmState()) {
      throw refused(
          "snapshot %s is of the disk alone and holds no VM's state"
              .formatted(found.getFirst().shown()));
    }
    return found.getFirst();
  }

  private static String list(List<Qcow2Snapshot> snapshots) {
    String names =
        snapshots.stream()
            .limit(MAX_NAMED)
            .map(Qcow2Snapshot::shown)
            .collect(Collectors.joining(", "));
    int more = snapshots.size() - MAX_NAMED;
    return names.isEmpty() ? "none" : more > 0 ? names + " and " + more + " more" : names;
  }

  private static StreamException refused(String what) {
    return new StreamException.Unsupported(
        what, Qcow2Descriptor.SNAPSHOTS_OFFSET, SnapshotTable.CONTEXT);
  }

  /// The VM's state of a snapshot: a migration stream.
  ///
  /// It begins behind the disk, as large as that was when the snapshot was taken; where no stream
  /// is there, behind the disk as it is now.
  ///
  /// @param snapshot one of [#snapshots] with VM state
  /// @return its bytes; they need the image's source, and closing them does not close that
  /// @throws StreamException if tables or sizes are wrong, or no stream begins there
  /// @throws IOException if the source cannot be read
  public ByteSource vmState(Qcow2Snapshot snapshot) throws IOException {
    SnapshotTable.Entry entry =
        entries.stream()
            .filter(e -> e.snapshot().equals(snapshot) && snapshot.hasVmState())
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("no VM state here of " + snapshot));
    if (snapshot.vmStateSize() / MAX_GROWTH > bytes.size() + GROWTH_ALLOWANCE / MAX_GROWTH) {
      throw new StreamException.LimitExceeded(
          "VM state of 0x%x bytes in an image of 0x%x"
              .formatted(snapshot.vmStateSize(), bytes.size()),
          entry.offset() + Qcow2Descriptor.ENTRY_STATE_SIZE,
          SnapshotTable.CONTEXT);
    }
    CompressedClusters compressed = new CompressedClusters(bytes, header);
    long[] diskSizes =
        LongStream.concat(snapshot.diskSize().stream(), LongStream.of(header.diskSize()))
            .distinct()
            .toArray();
    for (long diskSize : diskSizes) {
      ByteSource state =
          new VmStateSource(
              bytes,
              new SnapshotClusters(bytes, header, entry, diskSize),
              compressed,
              header.clusterSize(),
              snapshot.vmStateSize());
      if (isStream(state)) {
        return state;
      }
    }
    throw new StreamException.Malformed(
        "no migration stream where the VM's state of " + snapshot.shown() + " must begin",
        entry.offset(),
        SnapshotTable.CONTEXT);
  }

  private static boolean isStream(ByteSource state) throws IOException {
    byte[] start = new byte[STREAM_MAGIC.length];
    return state.read(0, MemorySegment.ofArray(start)) == start.length
        && Arrays.equals(start, STREAM_MAGIC);
  }
}
