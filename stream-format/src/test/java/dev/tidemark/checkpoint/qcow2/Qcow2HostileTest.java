// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.github.luben.zstd.Zstd;
import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Every prefix, every byte of the tables at its extremes, tables that lead nowhere or in circles,
/// and sizes that are made to hurt.
class Qcow2HostileTest {
  private static final List<ImageWriter.Form> FORMS =
      List.of(
          ImageWriter.Form.SMALL,
          new ImageWriter.Form(2, 9, false, false, 0, true),
          new ImageWriter.Form(3, 9, false, true, 24, true),
          new ImageWriter.Form(3, 14, true, false, 24, true));

  private static byte[] image(ImageWriter.Form form) {
    return Images.write(form, Images.snapshot("1", "one", 1));
  }

  /// What reading everything throws; null if nothing. Anything but our exceptions fails the test.
  private static @Nullable StreamException read(byte[] image) {
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(image))) {
      MemorySegment page = MemorySegment.ofArray(new byte[checkpoint.targetPageSize()]);
      for (RamBlock block : checkpoint.ramBlocks()) {
        for (long at = 0; at < Math.min(block.usedLength(), 1 << 16); at += page.byteSize()) {
          var _ = checkpoint.readPage(block, at, page);
        }
      }
      return null;
    } catch (StreamException e) {
      // Of the stream, the offset is one in the VM's state.
      if (e.streamOffset() < 0 || e.streamOffset() > image.length) {
        fail("offset outside of the image", e);
      }
      return e;
    } catch (IOException | RuntimeException | Error e) {
      return fail("not a StreamException", e);
    }
  }

  @Test
  void everyPrefixIsTruncated() {
    for (ImageWriter.Form form : FORMS) {
      byte[] image = withoutPadding(image(form));
      for (int length = 0; length < image.length; length += length < 1024 ? 1 : 37) {
        StreamException found = read(Arrays.copyOf(image, length));
        assertThat(found)
            .as("%d of %d bytes of %s", length, image.length, form)
            .isInstanceOf(StreamException.Truncated.class);
      }
    }
  }

  /// Behind the snapshot table, which is the last thing in it.
  private static byte[] withoutPadding(byte[] image) {
    int end = image.length;
    while (image[end - 1] == 0) {
      end--;
    }
    return Arrays.copyOf(image, end);
  }

  @Test
  void everyByteOfHeaderAndTablesMayBeAnything() {
    for (ImageWriter.Form form : FORMS) {
      byte[] image = image(form);
      for (int[] range : tables(image, form)) {
        for (int at = range[0]; at < range[1]; at++) {
          for (int flip : new int[] {1, 0x40, 0xff}) {
            byte[] changed = image.clone();
            changed[at] ^= (byte) flip;
            read(changed);
          }
        }
      }
    }
  }

  @Test
  void everyWordOfTablesMayBeExtreme() {
    long[] values = {
      0,
      1,
      -1,
      512,
      Long.MAX_VALUE,
      Long.MIN_VALUE,
      1L << 62,
      1L << 55,
      0x00ff_ffff_ffff_fe00L,
      1L << 31
    };
    for (ImageWriter.Form form : FORMS) {
      byte[] image = image(form);
      for (int[] range : tables(image, form)) {
        for (int at = range[0]; at + 8 <= range[1]; at += 4) {
          for (long value : values) {
            read(Images.withLong(image, at, value));
          }
        }
      }
    }
  }

  @Test
  void noiseInTablesIsFoundOutOrReadAlike() {
    Random random = new Random(7);
    for (ImageWriter.Form form : FORMS) {
      byte[] image = image(form);
      List<int[]> tables = tables(image, form);
      for (int i = 0; i < 1000; i++) {
        byte[] changed = image.clone();
        for (int k = 1 + random.nextInt(6); k > 0; k--) {
          int[] range = tables.get(random.nextInt(tables.size()));
          int at = range[0] + random.nextInt(range[1] - range[0] - 8);
          ByteBuffer.wrap(changed).putLong(at, random.nextInt(image.length) & ~511);
        }
        read(changed);
      }
    }
  }

  /// Header, snapshot table, and what is used of L1 and L2 table.
  private static List<int[]> tables(byte[] image, ImageWriter.Form form) {
    int l1 = Images.l1(image);
    int l2 = (int) (ByteBuffer.wrap(image).getLong(l1) & Qcow2Descriptor.OFFSET_MASK);
    int entry = Images.entry(image);
    int used = Math.min(form.clusterSize(), 24 * form.entrySize());
    return List.of(
        new int[] {0, 112},
        new int[] {entry, entry + 40 + form.extraLength() + 8},
        new int[] {l1, l1 + 16},
        new int[] {l2, l2 + used});
  }

  /// A file of 16 MiB with tables of 2 MiB, all of whose clusters are one: half a terabyte of VM
  /// state if it were read.
  @Test
  void oneClusterShownAgainAndAgainIsNotReadForever() throws IOException {
    ImageWriter.Form form = new ImageWriter.Form(3, 21, false, false, 24, false);
    byte[] image = Images.write(form, Images.snapshot("1", "one", 1));
    ByteBuffer bytes = ByteBuffer.wrap(image);
    int l2 = Images.l2(image);
    long cluster = bytes.getLong(l2);
    for (int i = 1; i < form.clusterSize() / 8; i++) {
      bytes.putLong(l2 + i * 8, cluster);
    }
    int size = Images.entry(image) + Qcow2Descriptor.SIZE_ENTRY;
    bytes.putLong(size, 1L << 39);
    assertThat(read(image)).isInstanceOf(StreamException.LimitExceeded.class);
    bytes.putLong(size, 8L * image.length);
    assertThat(read(image)).isNull();
  }

  /// As many snapshots as there may be, all in the entry of the first.
  @Test
  void manySnapshotsInASmallFileAreTruncated() {
    byte[] image = Images.small();
    assertThat(read(Images.withInt(image, Qcow2Descriptor.SNAPSHOTS_OFFSET, 65_536)))
        .isInstanceOf(StreamException.Truncated.class);
  }

  @Test
  void longNamesOfManySnapshotsAreTooMuch() {
    ImageWriter.Snapshot[] many = new ImageWriter.Snapshot[300];
    Arrays.setAll(
        many, i -> new ImageWriter.Snapshot("" + i, "n".repeat(60_000), new byte[0], Images.DISK));
    assertThat(read(Images.write(ImageWriter.Form.SMALL, many)))
        .isInstanceOf(StreamException.LimitExceeded.class)
        .hasMessageStartingWith("names of snapshots of more than 8388608 bytes");
  }

  @Test
  void aCompressedClusterIsOneCluster() throws IOException {
    for (boolean zstd : new boolean[] {false, true}) {
      ImageWriter.Form form = new ImageWriter.Form(3, 12, false, zstd, 24, false);
      byte[] stream = Images.stream(1).encode();
      int cluster = form.clusterSize();
      // As it should be; with more behind it, which deflate cannot tell; too short; nothing.
      assertThat(read(withFirstCluster(form, Arrays.copyOf(stream, cluster)))).isNull();
      StreamException longer = read(withFirstCluster(form, Arrays.copyOf(stream, 3 * cluster)));
      assertThat(longer == null).isEqualTo(!zstd);
      for (int length : new int[] {cluster - 1, 0}) {
        assertThat(read(withFirstCluster(form, Arrays.copyOf(stream, length))))
            .isInstanceOf(StreamException.Malformed.class)
            .hasMessageContaining(" while reading compressed cluster");
      }
    }
  }

  /// An image whose first cluster of VM state is compressed, and unpacks to any bytes.
  private static byte[] withFirstCluster(ImageWriter.Form form, byte[] content) {
    byte[] image = image(form);
    byte[] packed = form.zstd() ? Zstd.compress(content) : ImageWriter.deflate(content);
    byte[] longer = Arrays.copyOf(image, image.length + packed.length);
    System.arraycopy(packed, 0, longer, image.length, packed.length);
    long sectors = (packed.length - 1L) / 512;
    return Images.withLong(
        longer, Images.l2(image), 1L << 62 | sectors << (62 - (12 - 8)) | image.length);
  }
}
