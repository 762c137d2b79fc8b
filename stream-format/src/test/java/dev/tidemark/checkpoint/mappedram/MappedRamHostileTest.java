// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.mappedram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.stream.StreamCheckpointStream;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.fixture.MemorySource;
import dev.tidemark.stream.fixture.StreamSpec;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedRamHostileTest {
  static final MigrationStream SETTINGS = MigrationStream.of(TargetPageSize.detect());

  private static final int PAGE = 4096;
  private static final int MIB = 1 << 20;

  /// Offsets in [#file]: header, configuration, START and MEM_SIZE; then name and used length.
  private static final int FIRST_ENTRY = 99;

  private static final int FIRST_LENGTH = FIRST_ENTRY + 2;
  private static final int FIRST_HEADER = FIRST_LENGTH + 8;
  private static final int SECOND_ENTRY = MIB + 20 * PAGE;

  private static final byte[] FILE = file();

  @TempDir Path folder;

  /// Two blocks, of 20 pages and of 10; every other page is stored.
  private static byte[] file() {
    StreamSpec spec =
        new StreamSpec(
            PAGE,
            true,
            true,
            false,
            true,
            true,
            List.of(new StreamSpec.Block("a", 20), new StreamSpec.Block("b", 10)),
            List.of(List.of(), pages(), List.of()),
            List.of(new StreamSpec.Device("device", 0, 8)),
            List.of());
    PlacedTarget target = new PlacedTarget();
    try (CheckpointStream in =
        StreamCheckpointStream.open(SETTINGS, new MemorySource(spec.encode()))) {
      MappedRamWriter.write(in, target, MappedRamWriter.Options.DEFAULT);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return target.toArray();
  }

  private static List<StreamSpec.Page> pages() {
    return IntStream.range(0, 30)
        .filter(i -> i % 2 == 0)
        .mapToObj(i -> new StreamSpec.Page(i < 20 ? 0 : 1, i < 20 ? i : i - 20, 1000 + i, false))
        .toList();
  }

  private static void readAll(ByteSource source) throws IOException {
    try (Checkpoint checkpoint = MappedRamCheckpoint.open(source)) {
      MemorySegment page = MemorySegment.ofArray(new byte[checkpoint.targetPageSize()]);
      for (RamBlock block : checkpoint.ramBlocks()) {
        for (long at = 0; at < Math.min(block.usedLength(), MIB); at += page.byteSize()) {
          var _ = checkpoint.readPage(block, at, page);
        }
      }
      try (CheckpointStream in = checkpoint.stream()) {
        in.forEachPage(
            new PageVisitor() {
              @Override
              public void page(
                  RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
                MemorySegment.copy(window, windowOffset, page, 0, page.byteSize());
              }

              @Override
              public void zeroPage(RamBlock block, long pageOffset) {}
            });
      }
    }
  }

  private static byte[] with(int at, byte[] bytes) {
    byte[] damaged = FILE.clone();
    System.arraycopy(bytes, 0, damaged, at, bytes.length);
    return damaged;
  }

  private static byte[] be64(long value) {
    return ByteBuffer.allocate(8).putLong(value).array();
  }

  private static void refused(byte[] bytes, Class<? extends StreamException> type, String message) {
    assertThatThrownBy(() -> readAll(new MemorySource(bytes)))
        .isInstanceOf(type)
        .hasMessageContaining(message)
        .satisfies(
            e ->
                assertThat(((StreamException) e).streamOffset())
                    .isBetween(0L, (long) bytes.length));
  }

  @Test
  void theFileIsRead() throws IOException {
    readAll(new MemorySource(FILE));
    assertThat(FILE[FIRST_ENTRY]).isEqualTo((byte) 1);
    assertThat(FILE[SECOND_ENTRY + 1]).isEqualTo((byte) 'b');
  }

  @Test
  void anotherVersionIsUnsupported() {
    refused(
        with(FIRST_HEADER, new byte[] {0, 0, 0, 2}),
        StreamException.Unsupported.class,
        "mapped-ram header version 2 at offset 0x" + Integer.toHexString(FIRST_HEADER));
  }

  @Test
  void anotherPageSizeIsMalformed() {
    for (long size : new long[] {0, 1, 8192, -1, Long.MIN_VALUE, 1L << 32}) {
      refused(
          with(FIRST_HEADER + 4, be64(size)),
          StreamException.Malformed.class,
          "page size 0x" + Long.toHexString(size) + " instead of 0x1000 at offset 0x71");
    }
  }

  @Test
  void aBitmapElsewhereIsRefused() {
    for (long at : new long[] {0, FIRST_HEADER + 27, MIB - 7, MIB, FILE.length, Long.MAX_VALUE}) {
      refused(
          with(FIRST_HEADER + 12, be64(at)),
          StreamException.Unsupported.class,
          "bitmap at 0x" + Long.toHexString(at) + ", not before its pages");
    }
    refused(
        with(FIRST_HEADER + 12, be64(-1)), StreamException.Malformed.class, "bitmap at 0xffffffff");
  }

  @Test
  void pagesThatOverlapWhatStandsBeforeThemAreMalformed() {
    for (long at : new long[] {-PAGE, 0, MIB, MIB + 19 * PAGE, Long.MAX_VALUE - PAGE + 1}) {
      refused(
          with(SECOND_ENTRY + 10 + 20, be64(at)),
          StreamException.Malformed.class,
          "pages at 0x" + Long.toHexString(at));
    }
    refused(
        with(SECOND_ENTRY + 10 + 20, be64(2 * MIB + 8)),
        StreamException.Malformed.class,
        "pages at 0x200008");
  }

  @Test
  void pagesBehindTheEndAreTruncated() {
    for (long at : new long[] {1L << 32, 1L << 60, (long) FILE.length / PAGE * PAGE}) {
      refused(
          with(SECOND_ENTRY + 10 + 20, be64(at)),
          StreamException.Truncated.class,
          "the stream ends");
    }
  }

  @Test
  void lengthsThatOverflowAreRefused() {
    for (long length : new long[] {-PAGE, Long.MIN_VALUE, 31L * PAGE, 20L * PAGE + 1}) {
      refused(with(FIRST_LENGTH, be64(length)), StreamException.Malformed.class, "used length 0x");
    }
  }

  @Test
  void everyPrefixIsTruncated() {
    for (int end : ends()) {
      refused(Arrays.copyOf(FILE, end), StreamException.Truncated.class, "the stream ends");
    }
  }

  private static int[] ends() {
    return IntStream.concat(
            IntStream.range(8, 200),
            IntStream.of(
                MIB - 1, MIB, MIB + 1, SECOND_ENTRY, SECOND_ENTRY + 20, 2 * MIB + 10 * PAGE))
        .toArray();
  }

  @Property(tries = 300)
  void anyDamageIsReadOrRefused(
      @ForAll @IntRange(max = 300) int at, @ForAll byte value, @ForAll @IntRange(max = 2) int part)
      throws IOException {
    int base = new int[] {0, SECOND_ENTRY - 20, 2 * MIB + 10 * PAGE}[part];
    byte[] damaged = with(Math.min(base + at, FILE.length - 1), new byte[] {value});
    try {
      readAll(new MemorySource(damaged));
    } catch (StreamException e) {
      assertThat(e.streamOffset()).isBetween(0L, (long) damaged.length);
    }
    try {
      MappedRamRepair.repair(new MemorySource(damaged), new PlacedTarget(), Progress.NONE);
    } catch (StreamException e) {
      assertThat(e.streamOffset()).isBetween(0L, (long) damaged.length);
    }
  }

  /// A large file of which little is not a hole.
  private record Hole(byte[] beginning, byte[] end, long size) implements ByteSource {
    @Override
    public int read(long position, MemorySegment target) {
      int count = (int) Math.clamp(size - position, 0, target.byteSize());
      target.asSlice(0, count).fill((byte) 0);
      put(beginning, -position, target.asSlice(0, count));
      put(end, size - end.length - position, target.asSlice(0, count));
      return count;
    }

    private static void put(byte[] bytes, long at, MemorySegment target) {
      long from = Math.max(0, -at);
      long count = Math.min(bytes.length - from, target.byteSize() - Math.max(0, at));
      if (count > 0) {
        MemorySegment.copy(MemorySegment.ofArray(bytes), from, target, Math.max(0, at), count);
      }
    }

    @Override
    public void close() {}
  }

  /// 2 TiB of RAM, whose bitmap alone has 64 MiB: little of it is in memory at once.
  @Test
  void hugeRamTakesLittleMemory() throws IOException {
    long ram = 1L << 41;
    byte[] head = Arrays.copyOf(FILE, FIRST_HEADER + 28);
    ByteBuffer.wrap(head)
        .putLong(FIRST_ENTRY - 8, ram | 4)
        .putLong(FIRST_LENGTH, ram)
        .putLong(FIRST_HEADER + 20, 128L * MIB);
    byte[] behind = ByteBuffer.allocate(14).putLong(0x10).put((byte) 0x7e).putInt(1 << 16).array();
    ByteSource hole = new Hole(head, behind, 128L * MIB + ram + behind.length);
    long before = used();
    assertThatThrownBy(() -> MappedRamCheckpoint.open(hole))
        .isInstanceOf(StreamException.Unsupported.class)
        .hasMessageStartingWith("mapped-ram file of a background snapshot");
    assertThat(used() - before).isLessThan(16L * MIB);
  }

  private static long used() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  @Test
  void aMappedFileThatIsCutMeanwhileIsTruncated() throws IOException {
    Path file = Files.write(folder.resolve("cut"), FILE);
    try (Checkpoint checkpoint = MappedRamCheckpoint.open(ByteSource.mapped(file));
        CheckpointStream in = checkpoint.stream()) {
      try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(MIB / 2);
      }
      assertThatThrownBy(
              () -> MappedRamWriter.write(in, new PlacedTarget(), MappedRamWriter.Options.DEFAULT))
          .isInstanceOf(StreamException.Truncated.class)
          .hasMessageContaining("the file was cut while it was mapped");
    }
  }

  @Test
  void aFileThatIsCutMeanwhileIsTruncated() throws IOException {
    Path file = Files.write(folder.resolve("cut"), FILE);
    try (Checkpoint checkpoint = MappedRamCheckpoint.open(ByteSource.of(file));
        CheckpointStream in = checkpoint.stream()) {
      try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(MIB + 2 * PAGE + 5);
      }
      assertThatThrownBy(
              () -> MappedRamWriter.write(in, new PlacedTarget(), MappedRamWriter.Options.DEFAULT))
          .isInstanceOf(StreamException.Truncated.class);
    }
  }
}
