// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.fixture.MemorySource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Headers, snapshot tables and the choice of a snapshot.
class Qcow2ImageTest {
  private static final int ID_AND_NAME_LENGTH = Qcow2Descriptor.ENTRY_ID_LENGTH;

  private static Qcow2Image open(byte[] image) throws IOException {
    return Qcow2Image.open(new MemorySource(image));
  }

  private static byte[] vmState(byte[] image, String snapshot) throws IOException {
    Qcow2Image opened = open(image);
    ByteSource state = opened.vmState(opened.snapshot(Optional.of(snapshot)));
    byte[] bytes = new byte[(int) state.size()];
    assertThat(state.read(0, MemorySegment.ofArray(bytes))).isEqualTo(bytes.length);
    return bytes;
  }

  private static AbstractThrowableAssert<?, ?> reading(byte[] image) {
    return assertThatThrownBy(() -> vmState(image, "one"));
  }

  private static AbstractThrowableAssert<?, ?> choosing(
      Optional<String> wanted, ImageWriter.Snapshot... snapshots) throws IOException {
    Qcow2Image image = open(Images.write(ImageWriter.Form.SMALL, snapshots));
    return assertThatThrownBy(() -> image.snapshot(wanted))
        .isInstanceOf(StreamException.Unsupported.class)
        .hasMessageEndingWith(" at offset 0x3c while reading snapshot table");
  }

  private static ImageWriter.Snapshot diskOnly(String id, String name) {
    return new ImageWriter.Snapshot(id, name, new byte[0], Images.DISK);
  }

  @Test
  void theTableIsRead() throws IOException {
    Qcow2Image image =
        open(
            Images.write(
                ImageWriter.Form.SMALL, Images.snapshot("1", "one", 1), diskOnly("2", "two")));
    int size = Images.stream(1).encode().length;
    Instant date = Instant.ofEpochSecond(1_700_000_000, 5);
    Duration clock = Duration.ofMillis(1500);
    OptionalLong disk = OptionalLong.of(Images.DISK);
    OptionalLong none = OptionalLong.empty();
    assertThat(image.snapshots())
        .containsExactly(
            new Qcow2Snapshot("1", "one", date, clock, size, disk, none),
            new Qcow2Snapshot("2", "two", date, clock, 0, disk, none));
    assertThat(image.isCorrupt()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"0,,", "8,,", "16,100000,", "24,100000,", "32,100000,"})
  void extraDataMayBeShort(int length, Long diskSize) throws IOException {
    ImageWriter.Form form = new ImageWriter.Form(2, 9, false, false, length, false);
    byte[] image = Images.write(form, Images.snapshot("1", "one", 1));
    Qcow2Snapshot snapshot = open(image).snapshots().getFirst();
    assertThat(snapshot.diskSize())
        .isEqualTo(diskSize == null ? OptionalLong.empty() : OptionalLong.of(diskSize));
    assertThat(vmState(image, "one")).isEqualTo(Images.stream(1).encode());
  }

  @Test
  void instructionsAreCountedWhereTheyWere() throws IOException {
    byte[] image = Images.small();
    int icount = Images.entry(image) + Qcow2Descriptor.SIZE_ENTRY + Qcow2Descriptor.EXTRA_ICOUNT;
    assertThat(open(Images.withLong(image, icount, 77)).snapshots().getFirst().icount())
        .hasValue(77);
  }

  @Test
  void everyClusterSizeIsRead() throws IOException {
    for (int bits = 9; bits <= 21; bits++) {
      for (boolean extended : new boolean[] {false, true}) {
        if (!extended || bits >= 14) {
          ImageWriter.Form form = new ImageWriter.Form(3, bits, extended, false, 24, bits < 18);
          byte[] image = Images.write(form, Images.snapshot("1", "one", 1));
          assertThat(vmState(image, "one")).as("%s", form).isEqualTo(Images.stream(1).encode());
        }
      }
    }
  }

  /// A disk that was resized since; and a table that says a size that is not that of the VM's
  /// state.
  @Test
  void theSnapshotsOwnDiskSizeIsTriedFirst() throws IOException {
    byte[] image = Images.small();
    byte[] resized = Images.withLong(image, Qcow2Descriptor.DISK_SIZE_OFFSET, 1 << 30);
    assertThat(vmState(resized, "one")).isEqualTo(Images.stream(1).encode());
    int own = Images.entry(image) + Qcow2Descriptor.SIZE_ENTRY + Qcow2Descriptor.EXTRA_DISK_SIZE;
    assertThat(vmState(Images.withLong(image, own, 1 << 30), "one"))
        .isEqualTo(Images.stream(1).encode());
    reading(Images.withLong(resized, own, 1 << 30))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageStartingWith(
            "no migration stream where the VM's state of \"one\" (id 1) must begin at offset 0x"
                + Integer.toHexString(Images.entry(image)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "4   | 4          | Unsupported | qcow2 version 4",
        "20  | 8          | Malformed   | clusters of 2^8 bytes",
        "20  | 22         | Malformed   | clusters of 2^22 bytes",
        "24  | 0x80000000 | Malformed   | disk of 0x80000000000186a0 bytes",
        "32  | 1          | Unsupported | image encrypted with AES",
        "32  | 2          | Unsupported | image encrypted with LUKS",
        "32  | 3          | Malformed   | encryption method 3",
        "60  | 65537      | LimitExceeded | 65537 snapshots",
        "60  | 0xffffffff | LimitExceeded | 4294967295 snapshots",
        "64  | 0x80000000 | Malformed   | snapshot table at 0x80000000",
        "68  | 0x1234     | Malformed   | snapshot table at 0x1234",
        "76  | 4          | Unsupported | image with an external data file, which can hold no VM's state",
        "76  | 8          | Malformed   | compression type 0 that the features contradict",
        "76  | 16         | Malformed   | subclusters in clusters of 2^9 bytes",
        "76  | 0x20       | Unsupported | incompatible features 0x20",
        "72  | 0x80000000 | Unsupported | incompatible features 0x8000000000000000",
        "100 | 96         | Malformed   | header of 96 bytes",
        "100 | 0x7ffffff8 | Malformed   | header of 2147483640 bytes",
        "104 | 0x02000000 | Unsupported | compression type 2",
      })
  void whatAHeaderMustNotSay(int at, String value, String type, String message) {
    byte[] image = Images.withInt(Images.small(), at, Long.decode(value).intValue());
    assertThatThrownBy(() -> open(image))
        .hasMessageStartingWith(message)
        .hasMessageEndingWith(" while reading qcow2 header")
        .extracting(e -> e.getClass().getSimpleName())
        .isEqualTo(type);
  }

  @Test
  void anImageThatIsMarkedCorruptIsRead() throws IOException {
    byte[] image = Images.withInt(Images.small(), 76, 3);
    assertThat(open(image).isCorrupt()).isTrue();
    assertThat(vmState(image, "one")).isEqualTo(Images.stream(1).encode());
  }

  @Test
  void whatATableMustNotSay() {
    byte[] image = Images.small();
    int entry = Images.entry(image);
    reading(Images.withInt(image, entry + Qcow2Descriptor.ENTRY_EXTRA_LENGTH, 1025))
        .isInstanceOf(StreamException.LimitExceeded.class)
        .hasMessageStartingWith("1025 bytes of extra data");
    reading(Images.withInt(image, entry + ID_AND_NAME_LENGTH, -1))
        .isInstanceOf(StreamException.Truncated.class)
        .hasMessage(
            "the image ends at offset 0x%x while reading snapshot table".formatted(image.length));
    reading(Images.withLong(image, entry + Qcow2Descriptor.SIZE_ENTRY, 1L << 40))
        .isInstanceOf(StreamException.LimitExceeded.class)
        .hasMessageStartingWith("VM state of 0x10000000000 bytes in an image of 0x");
    reading(Images.withLong(image, entry + Qcow2Descriptor.SIZE_ENTRY, -1))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageStartingWith("VM state of 0xffffffffffffffff bytes");
    reading(Images.withLong(image, entry + Qcow2Descriptor.SIZE_ENTRY + 8, -1))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageStartingWith("disk of 0xffffffffffffffff bytes");
    reading(Images.withLong(image, entry, 0x1234))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageStartingWith("L1 table at 0x1234");
    reading(Images.withLong(image, entry, 1L << 62))
        .isInstanceOf(StreamException.Truncated.class)
        .hasMessageEndingWith("while reading L1 table");
    reading(Images.withInt(image, entry + Qcow2Descriptor.ENTRY_L1_ENTRIES, -1))
        .isInstanceOf(StreamException.LimitExceeded.class)
        .hasMessageStartingWith("L1 table of 4294967295 entries");
  }

  @Test
  void whatTablesOfClustersMustNotSay() {
    byte[] image = Images.small();
    int l1 = Images.l1(image);
    int l2 = Images.l2(image);
    reading(Images.withLong(image, l1, 1L << 50))
        .isInstanceOf(StreamException.Truncated.class)
        .hasMessageEndingWith("while reading L2 table");
    reading(Images.withLong(image, l2, 1L << 50))
        .isInstanceOf(StreamException.Truncated.class)
        .hasMessageEndingWith("while reading VM state");
    reading(Images.withLong(image, l2, 1L << 62 | 1L << 50))
        .isInstanceOf(StreamException.Truncated.class)
        .hasMessageEndingWith("while reading compressed cluster");
    reading(Images.withLong(image, l2, 1L << 62))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessage(
            "data that is not one deflate cluster at offset 0x0 while reading compressed cluster");
    byte[] old = Images.withInt(image, Qcow2Descriptor.VERSION_OFFSET, 2);
    reading(Images.withLong(old, l2, 1))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageStartingWith("zero cluster in an image of version 2");
    byte[] large =
        Images.write(
            new ImageWriter.Form(3, 12, false, false, 24, false), Images.snapshot("1", "one", 1));
    reading(Images.withLong(large, Images.l1(large), Images.l2(large) + 512))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageEndingWith(" at offset 0x%x while reading L1 table".formatted(Images.l1(large)));
    reading(Images.withLong(large, Images.l2(large), 512))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessage(
            "cluster at 0x200 at offset 0x%x while reading L2 table".formatted(Images.l2(large)));
    byte[] extended =
        Images.write(
            new ImageWriter.Form(3, 14, true, false, 24, false), Images.snapshot("1", "one", 1));
    reading(Images.withLong(extended, Images.l2(extended) + 8, -1))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageStartingWith("subcluster that is allocated and is not");
    reading(Images.withLong(extended, Images.l2(extended), 0))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageStartingWith("subcluster that is allocated and is not");
  }

  @Test
  void tablesThatPointToThemselvesEnd() {
    byte[] image = Images.small();
    int l1 = Images.l1(image);
    int l2 = Images.l2(image);
    reading(Images.withLong(image, l1, l1 / 512 * 512L)).isInstanceOf(StreamException.class);
    reading(Images.withLong(image, l2, l2)).isInstanceOf(StreamException.class);
    reading(Images.withLong(image, Images.entry(image), l2)).isInstanceOf(StreamException.class);
  }

  @Test
  void theOnlySnapshotWithStateIsMeant() throws IOException {
    byte[] image =
        Images.write(
            ImageWriter.Form.SMALL, diskOnly("1", "disk"), Images.snapshot("2", "state", 1));
    assertThat(open(image).snapshot(Optional.empty()).name()).isEqualTo("state");
  }

  @Test
  void withoutAnyStateNoneIsMeant() throws IOException {
    choosing(Optional.empty())
        .hasMessageStartingWith("no snapshot in this image holds a VM's state");
    choosing(Optional.empty(), diskOnly("1", "disk"))
        .hasMessageStartingWith("no snapshot in this image holds a VM's state");
    choosing(Optional.of("disk"), diskOnly("1", "disk"))
        .hasMessageStartingWith(
            "snapshot \"disk\" (id 1) is of the disk alone and holds no VM's state");
    choosing(Optional.of("x"))
        .hasMessageStartingWith("no snapshot \"x\" in this image; there is: none");
  }

  @Test
  void ofSeveralOneMustBeNamed() throws IOException {
    ImageWriter.Snapshot[] both = {
      Images.snapshot("1", "one", 1), Images.snapshot("2", "1", 2), Images.snapshot("3", "1", 3)
    };
    choosing(Optional.empty(), both)
        .hasMessageStartingWith(
            "several snapshots in this image hold a VM's state; name one with --snapshot:"
                + " \"one\" (id 1), \"1\" (id 2), \"1\" (id 3)");
    choosing(Optional.of("none"), both)
        .hasMessageStartingWith(
            "no snapshot \"none\" in this image; there is: \"one\" (id 1), \"1\" (id 2),");
    choosing(Optional.of("1"), both)
        .hasMessageStartingWith(
            "several snapshots with that name; use the id: \"1\" (id 2), \"1\" (id 3)");
    Qcow2Image image = open(Images.write(ImageWriter.Form.SMALL, both));
    assertThat(image.snapshot(Optional.of("one")).id()).isEqualTo("1");
    assertThat(image.snapshot(Optional.of("3")).name()).isEqualTo("1");
    assertThat(vmState(Images.write(ImageWriter.Form.SMALL, both), "3"))
        .isEqualTo(Images.stream(3).encode());
  }

  @Test
  void namesInMessagesAreHarmlessAndFew() throws IOException {
    choosing(Optional.of("x"), diskOnly("1\n", "\u001b[31m\u202e" + "y".repeat(200)))
        .hasMessageContaining(
            "there is: \"\\x{1b}[31m\\x{202e}" + "y".repeat(74) + "...\" (id 1\\x{a})");
    List<ImageWriter.Snapshot> many = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      many.add(diskOnly("" + i, "s"));
    }
    choosing(Optional.of("x"), many.toArray(ImageWriter.Snapshot[]::new))
        .hasMessageContaining("\"s\" (id 19) and 30 more at offset");
  }

  @Test
  void vmStateOfAnotherImageIsACallersMistake() throws IOException {
    Qcow2Image image = open(Images.small());
    Qcow2Snapshot other =
        open(Images.write(ImageWriter.Form.SMALL, diskOnly("1", "disk"))).snapshots().getFirst();
    assertThatThrownBy(() -> image.vmState(other)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anyNumberOfSnapshotsIsRead() throws IOException {
    List<ImageWriter.Snapshot> many = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      many.add(diskOnly("" + i, "s"));
    }
    many.add(Images.snapshot("last", "one", 1));
    byte[] image = Images.write(ImageWriter.Form.SMALL, many.toArray(ImageWriter.Snapshot[]::new));
    assertThat(open(image).snapshots()).hasSize(2001);
    assertThat(vmState(image, "one")).isEqualTo(Images.stream(1).encode());
    assertThat(Arrays.equals(vmState(image, "last"), vmState(image, "one"))).isTrue();
  }
}
