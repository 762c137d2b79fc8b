// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static dev.tidemark.checkpoint.archive.Archives.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.stream.CheckpointStreamWriter;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArchiveSalvageTest {
  private static final RamBlock RAM = new RamBlock(0, "pc.ram", 64L * PAGE);

  /// Four blocks of pages: 0–14, 15–29, 30–44, then some of them again.
  private static byte[] archive(Compression compression) throws IOException {
    return Archives.write(
        ArchiveOptions.DEFAULT.withCompression(compression),
        Archives.prologue(true, RAM),
        sink -> {
          for (int page = 0; page < 45; page++) {
            sink.page(0, (long) page * PAGE, page(page));
          }
          sink.flush();
          sink.page(0, 3L * PAGE, page(103));
          sink.page(0, 20L * PAGE, page(120));
          sink.zeroPage(0, 50L * PAGE);
        });
  }

  private static byte[] page(int seed) {
    return seed % 3 == 0 ? Archives.flatPage(seed) : Archives.randomPage(seed);
  }

  /// Where the archive blocks start; the last is where they end.
  private static long[] offsets(byte[] file) throws IOException {
    try (ArchiveCheckpoint checkpoint = ArchiveCheckpoint.open(ByteSource.of(file))) {
      long[] offsets = new long[(int) checkpoint.table().blocks() + 1];
      for (int i = 0; i < offsets.length; i++) {
        offsets[i] = checkpoint.table().offset(i);
      }
      return offsets;
    }
  }

  private static byte[] cut(byte[] file, long length) {
    return Arrays.copyOf(file, (int) length);
  }

  private static byte[] flip(byte[] file, long at) {
    byte[] changed = file.clone();
    changed[(int) at] ^= 0x10;
    return changed;
  }

  private static SalvageReport examine(byte[] file) throws IOException {
    return ArchiveSalvage.examine(ByteSource.of(file), Progress.NONE);
  }

  /// The salvaged archive, which verifies.
  private static byte[] salvaged(byte[] file, boolean acceptLoss) throws IOException {
    MemoryTarget target = new MemoryTarget();
    ArchiveSalvage.salvage(ByteSource.of(file), target, acceptLoss, Progress.NONE);
    ArchiveVerifier.verify(ByteSource.of(target.toByteArray()), Progress.NONE);
    return target.toByteArray();
  }

  private static byte[] canonical(byte[] file) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(file));
        CheckpointStream in = checkpoint.stream()) {
      CheckpointStreamWriter.write(
          in, Channels.newChannel(bytes), CheckpointStreamWriter.Options.DEFAULT);
    }
    return bytes.toByteArray();
  }

  private static void assertPage(byte[] file, int page, byte @Nullable [] content)
      throws IOException {
    byte[] read = new byte[PAGE];
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(file))) {
      PageKind kind = checkpoint.readPage(RAM, (long) page * PAGE, MemorySegment.ofArray(read));
      assertThat(kind).isEqualTo(content == null ? PageKind.MISSING : PageKind.DATA);
    }
    assertThat(read).isEqualTo(content == null ? new byte[PAGE] : content);
  }

  @ParameterizedTest
  @EnumSource
  void nothingIsLostOfAWholeArchive(Compression compression) throws IOException {
    byte[] file = archive(compression);
    SalvageReport report = examine(file);
    assertThat(report.losesPages()).isFalse();
    assertThat(report.indexed()).isTrue();
    assertThat(report.blocksKept()).isEqualTo(4);
    assertThat(report.pagesKept()).isEqualTo(46);
    assertThat(canonical(salvaged(file, false))).isEqualTo(canonical(file));
  }

  /// Wherever the writer, or the disk, has stopped.
  @ParameterizedTest
  @EnumSource
  void anyCutBehindTheBodyLosesNothing(Compression compression) throws IOException {
    byte[] file = Archives.small(ArchiveOptions.DEFAULT.withCompression(compression));
    long[] offsets = offsets(file);
    // In zstd the last frame ends the body; vmdesc tells that it is the last.
    for (long length = offsets[offsets.length - 1]; length < file.length; length += 7) {
      byte[] part = cut(file, length);
      SalvageReport report = examine(part);
      assertThat(report.losesPages()).as("cut at %d", length).isFalse();
      assertThat(report.indexed()).isFalse();
      assertThat(report.damage().orElseThrow()).contains("no trailer");
      assertThat(report.deviceStateDamage()).isEmpty();
      assertThat(canonical(salvaged(part, false))).isEqualTo(canonical(file));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aCutInThePagesLeavesPagesOnly(Compression compression) throws IOException {
    byte[] file = archive(compression);
    long[] offsets = offsets(file);
    // In the third block of pages.
    byte[] part = cut(file, offsets[4] - 1);
    SalvageReport report = examine(part);
    assertThat(report.blocksKept()).isEqualTo(2);
    assertThat(report.pagesKept()).isEqualTo(30);
    assertThat(report.pagesLost()).isEqualTo(34);
    assertThat(report.lostPages()).containsExactly(new PageRange(RAM, 30L * PAGE, 34));
    assertThat(report.deviceStateDamage().orElseThrow()).contains("file ends among the pages");
    assertThatThrownBy(() -> salvaged(part, true))
        .isInstanceOf(StreamException.Truncated.class)
        .hasMessageContaining("device state lost: file ends among the pages")
        .hasMessageContaining("30 pages are whole");

    MemorySegment ram = Arena.ofAuto().allocate(RAM.usedLength());
    try (CheckpointStream pages = ArchiveSalvage.open(ByteSource.of(part))) {
      pages.forEachPage(new Into(ram));
      assertThatThrownBy(pages::deviceState).isInstanceOf(StreamException.Truncated.class);
    }
    for (int page = 0; page < 30; page++) {
      MemorySegment expected = MemorySegment.ofArray(page(page));
      assertThat(ram.asSlice((long) page * PAGE, PAGE).mismatch(expected)).isEqualTo(-1);
    }
  }

  private record Into(MemorySegment ram) implements PageVisitor {
    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      MemorySegment.copy(window, windowOffset, ram, pageOffset, PAGE);
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {
      ram.asSlice(pageOffset, PAGE).fill((byte) 0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aCutInTheDeviceStateIsNoticed(Compression compression) throws IOException {
    byte[] file = archive(compression);
    long[] offsets = offsets(file);
    for (long length = offsets[5]; length < offsets[offsets.length - 1]; length++) {
      SalvageReport report = examine(cut(file, length));
      assertThat(report.deviceStateDamage()).as("cut at %d", length).isPresent();
      assertThat(report.pagesKept()).isEqualTo(46);
    }
  }

  @ParameterizedTest
  @EnumSource
  void pagesOfADamagedBlockAreNamed(Compression compression) throws IOException {
    byte[] file = archive(compression);
    long[] offsets = offsets(file);
    // The first block of pages holds 0 to 14, of which 3 has a newer version.
    byte[] changed = flip(file, (offsets[1] + offsets[2]) / 2);
    SalvageReport report = examine(changed);
    assertThat(report.indexed()).isTrue();
    assertThat(report.blocksLost()).isEqualTo(1);
    assertThat(report.lostPages())
        .containsExactly(new PageRange(RAM, 0, 3), new PageRange(RAM, 4L * PAGE, 11));
    assertThat(report.pagesLost()).isEqualTo(14);
    assertThatThrownBy(() -> salvaged(changed, false))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageContaining("1 archive block damaged: 32 pages are whole, 14 are lost");
    byte[] result = salvaged(changed, true);
    assertPage(result, 2, null);
    assertPage(result, 3, page(103));
    assertPage(result, 15, page(15));
    assertPage(result, 44, page(44));
  }

  /// An older version is not the page: with an index it does not take its place.
  @ParameterizedTest
  @EnumSource
  void anOlderVersionDoesNotTakeTheLostOnesPlace(Compression compression) throws IOException {
    byte[] file = archive(compression);
    byte[] changed = flip(file, offsets(file)[4] + 40);
    SalvageReport report = examine(changed);
    assertThat(report.lostPages())
        .containsExactly(new PageRange(RAM, 3L * PAGE, 1), new PageRange(RAM, 20L * PAGE, 1));
    assertPage(salvaged(changed, true), 3, null);
  }

  /// Without index and table, whichever of its bytes is changed: the blocks behind are found.
  @ParameterizedTest
  @EnumSource
  void blocksBehindADamagedOneAreFound(Compression compression) throws IOException {
    byte[] file = archive(compression);
    long[] offsets = offsets(file);
    long bodyEnd = offsets[offsets.length - 1] + (compression == Compression.ZSTD ? 0 : 4);
    long[] places = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100, offsets[3] - offsets[2] - 1};
    for (long place : places) {
      byte[] changed = flip(cut(file, bodyEnd), offsets[2] + place);
      SalvageReport report = examine(changed);
      assertThat(report.indexed()).isFalse();
      assertThat(report.blocksKept()).as("byte %d", place).isEqualTo(3);
      assertThat(report.blocksLost()).isEqualTo(1);
      assertThat(report.losesPages()).isTrue();
      // Page 20 has another version; what was never sent cannot be told from what was lost.
      assertThat(report.pagesKept()).isEqualTo(32);
      assertThat(report.pagesLost()).isEqualTo(32);
      assertThat(report.deviceStateDamage()).isEmpty();
      assertThatThrownBy(() -> salvaged(changed, false))
          .isInstanceOf(StreamException.Malformed.class);
      byte[] result = salvaged(changed, true);
      assertPage(result, 14, page(14));
      assertPage(result, 15, null);
      assertPage(result, 20, page(120));
      assertPage(result, 44, page(44));
    }
  }

  @ParameterizedTest
  @EnumSource
  void damagedSectionsLoseNothing(Compression compression) throws IOException {
    byte[] file = archive(compression);
    long[] offsets = offsets(file);
    for (long at = offsets[offsets.length - 1] + 8; at < file.length; at += 11) {
      byte[] changed = flip(file, at);
      SalvageReport report = examine(changed);
      assertThat(report.losesPages()).as("byte 0x%x", at).isFalse();
      assertThat(canonical(salvaged(changed, false))).isEqualTo(canonical(file));
    }
  }

  @ParameterizedTest
  @EnumSource
  void theManifestIsKeptWhereItIsWhole(Compression compression) throws IOException {
    byte[] file = archive(compression);
    byte[] changed = flip(file, file.length - 20);
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(salvaged(changed, false)))) {
      assertThat(checkpoint.manifest()).contains(Archives.MANIFEST);
    }
    byte[] without = cut(file, offsets(file)[6] + 4);
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(salvaged(without, false)))) {
      assertThat(checkpoint.manifest()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void lostBlockListIsTold(Compression compression) throws IOException {
    byte[] file = archive(compression);
    byte[] changed = flip(cut(file, file.length - 300), offsets(file)[0] + 30);
    assertThatThrownBy(() -> examine(changed))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageContaining("RAM block list lost");
  }

  /// Real device state, with and without footers, vmdesc, early and live sections.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "pc-10.0-stopped",
        "pc-10.0-no-footers",
        "pc-10.0-no-vmdesc",
        "pc-10.0-virtio-mem",
        "pseries-10.0-htab",
        "virt-10.0-stopped",
        "pc-10.0-uuid"
      })
  void realCheckpointWithoutSections(String name) throws IOException {
    MemoryTarget target = new MemoryTarget();
    try (Checkpoint source = Checkpoint.open(ByteSource.of(Corpus.bytes(name)))) {
      ArchiveConversion.write(
          source.stream(),
          target,
          source.manifest(),
          ArchiveOptions.DEFAULT.withCompression(Compression.ZSTD),
          Progress.NONE);
    }
    byte[] file = target.toByteArray();
    long[] offsets = offsets(file);
    byte[] part = cut(file, offsets[offsets.length - 1] + 10);
    assertThat(examine(part).deviceStateDamage()).isEmpty();
    assertThat(canonical(salvaged(part, false))).isEqualTo(canonical(file));
  }

  /// Whatever has happened to a file: an exception of ours, or an archive that verifies.
  @ParameterizedTest
  @EnumSource(names = {"LZ4", "ZSTD"})
  void anyDamage(Compression compression) throws IOException {
    byte[] file = Archives.small(ArchiveOptions.DEFAULT.withCompression(compression));
    Random random = new Random(11);
    for (int i = 0; i < 400; i++) {
      byte[] changed =
          random.nextInt(3) == 0 ? cut(file, random.nextInt(file.length)) : file.clone();
      for (int k = random.nextInt(20); k > 0 && changed.length > 52; k--) {
        changed[52 + random.nextInt(changed.length - 52)] = (byte) random.nextInt();
      }
      try {
        salvaged(changed, true);
      } catch (StreamException e) {
        assertThat(e.streamOffset()).isBetween(0L, (long) changed.length);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void reportCountsRangesOverRamBlocks(Compression compression) throws IOException {
    byte[] file = Archives.small(ArchiveOptions.DEFAULT.withCompression(compression));
    byte[] changed = flip(file, offsets(file)[1] + 60);
    assertThat(examine(changed).lostPages())
        .containsExactly(
            new PageRange(new RamBlock(0, "pc.ram", 12L * PAGE), PAGE, 1),
            new PageRange(new RamBlock(1, "pc.rom", 4L * PAGE), PAGE, 1));
    assertThat(List.of(examine(changed).pagesLost())).containsExactly(2L);
  }
}
