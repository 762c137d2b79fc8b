// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.qcow2;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/// Writes qcow2 images that hold snapshots and no disk, by plain code of its own.
final class ImageWriter {
  static final byte[] MAGIC = {'Q', 'E', 'V', 'M'};

  /// How an image is written.
  ///
  /// @param version 2 or 3
  /// @param clusterBits a cluster is that power of two
  /// @param extended whether clusters have subclusters
  /// @param zstd whether compressed clusters are zstd's
  /// @param extraLength bytes of extra data in the snapshot table
  /// @param mixed whether clusters are of all kinds and stand in any order, else they are stored as
  ///     they are, one behind the other
  record Form(
      int version,
      int clusterBits,
      boolean extended,
      boolean zstd,
      int extraLength,
      boolean mixed) {
    static final Form SMALL = new Form(3, 9, false, false, 24, false);

    int clusterSize() {
      return 1 << clusterBits;
    }

    int entrySize() {
      return extended ? 16 : 8;
    }

    /// Bytes that an L2 table maps.
    long covered() {
      return (long) clusterSize() / entrySize() * clusterSize();
    }
  }

  /// @param state the VM's state; empty for a snapshot of the disk alone
  /// @param diskSize bytes of the disk when it was taken
  record Snapshot(String id, String name, byte[] state, long diskSize) {}

  private final Form form;
  private final Random random;
  private byte[] image;
  private int end;

  private ImageWriter(Form form, long seed) {
    this.form = form;
    this.random = new Random(seed);
    this.image = new byte[form.clusterSize()];
    this.end = form.clusterSize();
  }

  static byte[] write(Form form, long diskSize, List<Snapshot> snapshots, long seed) {
    return new ImageWriter(form, seed).write(diskSize, snapshots);
  }

  private byte[] write(long diskSize, List<Snapshot> snapshots) {
    ByteArrayOutputStream table = new ByteArrayOutputStream();
    for (Snapshot snapshot : snapshots) {
      long first = (snapshot.diskSize() + form.covered() - 1) / form.covered();
      int tables = (int) ((snapshot.state().length + form.covered() - 1) / form.covered());
      int l1 = allocate((int) (first + tables) * 8);
      for (int i = 0; i < tables; i++) {
        put(l1 + (int) (first + i) * 8, copied(allocate(form.clusterSize())));
      }
      writeState(snapshot.state(), l1 + (int) first * 8);
      table.writeBytes(entry(snapshot, l1, (int) first + tables));
    }
    int tableAt = allocate(table.size());
    System.arraycopy(table.toByteArray(), 0, image, tableAt, table.size());
    writeHeader(diskSize, snapshots.size(), tableAt);
    return Arrays.copyOf(image, end);
  }

  private void writeHeader(long diskSize, int snapshots, int tableAt) {
    ByteBuffer header = ByteBuffer.wrap(image);
    header.putInt(0x514649fb).putInt(form.version());
    header.position(20);
    header.putInt(form.clusterBits()).putLong(diskSize).putInt(0);
    header.position(60);
    header.putInt(snapshots).putLong(tableAt);
    if (form.version() == 3) {
      header.putLong((form.zstd() ? 8 : 0) | (form.extended() ? 16 : 0));
      header.position(96);
      header.putInt(4).putInt(112).put((byte) (form.zstd() ? 1 : 0));
    }
  }

  private byte[] entry(Snapshot snapshot, int l1, int l1Entries) {
    byte[] id = snapshot.id().getBytes(StandardCharsets.UTF_8);
    byte[] name = snapshot.name().getBytes(StandardCharsets.UTF_8);
    int length = 40 + form.extraLength() + id.length + name.length;
    ByteBuffer entry = ByteBuffer.allocate((length + 7) / 8 * 8);
    entry.putLong(l1).putInt(l1Entries).putShort((short) id.length).putShort((short) name.length);
    entry.putInt(1_700_000_000).putInt(5).putLong(1_500_000_000L);
    // Where the extra data says the size, this is not looked at.
    entry.putInt(form.extraLength() >= 8 ? 77 : snapshot.state().length).putInt(form.extraLength());
    ByteBuffer extra = ByteBuffer.allocate(Math.max(24, form.extraLength()));
    extra.putLong(snapshot.state().length).putLong(snapshot.diskSize()).putLong(-1);
    entry.put(extra.array(), 0, form.extraLength()).put(id).put(name);
    return entry.array();
  }

  private void writeState(byte[] state, int l1) {
    List<Integer> order = new ArrayList<>();
    for (int at = 0; at < state.length; at += form.clusterSize()) {
      order.add(at);
    }
    for (int i = form.mixed() ? order.size() / 3 : 0; i > 0; i--) {
      Collections.swap(order, random.nextInt(order.size()), random.nextInt(order.size()));
    }
    for (int at : order) {
      int table =
          (int) (ByteBuffer.wrap(image).getLong(l1 + (int) (at / form.covered()) * 8) >> 9 << 9);
      int place = table + (int) (at % form.covered() / form.clusterSize()) * form.entrySize();
      byte[] content =
          Arrays.copyOf(
              Arrays.copyOfRange(state, at, Math.min(state.length, at + form.clusterSize())),
              form.clusterSize());
      writeCluster(content, place);
    }
  }

  private void writeCluster(byte[] content, int place) {
    if (form.mixed() && random.nextInt(4) == 0 && compress(content, place)) {
      return;
    }
    if (form.extended()) {
      writeSubclusters(content, place);
    } else if (form.mixed() && isZero(content, 0, content.length)) {
      switch (random.nextInt(form.version() == 3 ? 4 : 2)) {
        case 0 -> put(place, copied(store(content)));
        case 1 -> put(place, 0);
        case 2 -> put(place, 1);
        default -> put(place, 1 | copied(store(noise())));
      }
    } else {
      put(place, copied(store(content)));
    }
  }

  private void writeSubclusters(byte[] content, int place) {
    int size = form.clusterSize() / 32;
    byte[] stored = content.clone();
    long bitmap = 0;
    for (int i = 0; i < 32; i++) {
      int how = form.mixed() && isZero(content, i * size, size) ? random.nextInt(3) : 0;
      if (how == 0) {
        bitmap |= 1L << i;
      } else {
        bitmap |= how == 1 ? 1L << (32 + i) : 0;
        System.arraycopy(noise(), 0, stored, i * size, size);
      }
    }
    put(place, (bitmap & 0xffff_ffffL) == 0 && random.nextBoolean() ? 0 : copied(store(stored)));
    put(place + 8, bitmap);
  }

  /// As QEMU does, only if that is shorter.
  private boolean compress(byte[] content, int place) {
    byte[] packed = form.zstd() ? Zstd.compress(content) : deflate(content);
    if (packed.length >= content.length) {
      return false;
    }
    // Compressed clusters stand close together, at any byte.
    grow(end + 700 + packed.length);
    int at = end + random.nextInt(700);
    System.arraycopy(packed, 0, image, at, packed.length);
    end = at + packed.length;
    long sectors = (at + packed.length - 1L) / 512 - at / 512;
    put(place, 1L << 62 | sectors << (62 - (form.clusterBits() - 8)) | at);
    return true;
  }

  static byte[] deflate(byte[] content) {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
    try (DeflaterOutputStream out = new DeflaterOutputStream(packed, deflater)) {
      out.write(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      deflater.end();
    }
    return packed.toByteArray();
  }

  private byte[] noise() {
    byte[] noise = new byte[form.clusterSize()];
    random.nextBytes(noise);
    return noise;
  }

  private static boolean isZero(byte[] bytes, int at, int length) {
    return Arrays.equals(bytes, at, at + length, new byte[length], 0, length);
  }

  private long copied(long entry) {
    return form.mixed() && random.nextBoolean() ? entry | 1L << 63 : entry;
  }

  private int store(byte[] cluster) {
    int at = allocate(cluster.length);
    System.arraycopy(cluster, 0, image, at, cluster.length);
    return at;
  }

  /// Whole clusters.
  private int allocate(int bytes) {
    int size = form.clusterSize();
    int at = (end + size - 1) / size * size;
    end = at + Math.max(1, (bytes + size - 1) / size) * size;
    grow(end);
    return at;
  }

  private void grow(int length) {
    if (length > image.length) {
      image = Arrays.copyOf(image, Math.max(length, 2 * image.length));
    }
  }

  private void put(int at, long value) {
    ByteBuffer.wrap(image).putLong(at, value);
  }
}
