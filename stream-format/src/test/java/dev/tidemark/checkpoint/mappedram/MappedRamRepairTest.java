// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.mappedram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.MemorySource;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MappedRamRepairTest {
  private static final String BROKEN = "pc-10.0-mapped-ram-background";

  @TempDir Path folder;

  @Test
  void theBrokenFileIsToldWhatItIs() throws IOException {
    byte[] bytes = Corpus.bytes(BROKEN);
    assertThat(MappedRamCheckpoint.isMappedRam(new MemorySource(bytes), 0)).isTrue();
    assertThatThrownBy(() -> Checkpoint.open(new MemorySource(bytes)))
        .isInstanceOf(StreamException.Unsupported.class)
        .hasMessageStartingWith(
            "mapped-ram file of a background snapshot: no page is marked as stored, though all are");
  }

  /// Only the bitmaps change.
  @Test
  void everyPageThatIsNotZeroIsMarked() throws IOException {
    byte[] bytes = Corpus.bytes(BROKEN);
    MappedRamFile file =
        MappedRamFile.read(MappedRamHostileTest.SETTINGS, new MemorySource(bytes), 0);
    PlacedTarget target = new PlacedTarget();
    List<Long> told = new ArrayList<>();
    MappedRamRepair.Report report =
        MappedRamRepair.repair(
            new MemorySource(bytes),
            target,
            (done, total) -> {
              assertThat(total).isEqualTo(bytes.length);
              told.add(done);
            });
    byte[] repaired = target.toArray();
    assertThat(repaired.length).isEqualTo(bytes.length);
    assertThat(report.bytes()).isEqualTo(bytes.length);
    assertThat(told).isSorted().endsWith((long) bytes.length);
    byte[] without = repaired.clone();
    for (RamBlockEntry entry : file.entries()) {
      int at = (int) file.place(entry.block().index()).bitmapOffset();
      int pages = (int) (entry.block().usedLength() / file.pageSize());
      Arrays.fill(without, at, at + (pages + 63) / 64 * 8, (byte) 0);
    }
    assertThat(Arrays.equals(without, bytes)).isTrue();
    long stored = 0;
    try (Checkpoint checkpoint = Checkpoint.open(new MemorySource(repaired))) {
      byte[] page = new byte[file.pageSize()];
      byte[] zeroes = new byte[file.pageSize()];
      for (RamBlock block : checkpoint.ramBlocks()) {
        int pagesAt = (int) file.place(block.index()).pagesOffset();
        for (int at = 0; at < block.usedLength(); at += page.length) {
          PageKind kind = checkpoint.readPage(block, at, MemorySegment.ofArray(page));
          byte[] content = Arrays.copyOfRange(bytes, pagesAt + at, pagesAt + at + page.length);
          boolean zero = Arrays.equals(content, zeroes);
          assertThat(kind).isEqualTo(zero ? PageKind.ZERO : PageKind.DATA);
          assertThat(Arrays.equals(page, content)).isTrue();
          stored += zero ? 0 : 1;
        }
      }
      assertThat(checkpoint.deviceState().sections()).isNotEmpty();
    }
    assertThat(report.stored()).isEqualTo(stored).isPositive();
    assertThat(target.written()).isLessThan(bytes.length / 2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"pc-10.0-mapped-ram", "pc-10.0-mapped-ram-multifd"})
  void aFileThatIsNotBrokenIsRefused(String name) throws IOException {
    byte[] bytes = Corpus.bytes(name);
    PlacedTarget target = new PlacedTarget();
    assertThatThrownBy(() -> MappedRamRepair.repair(new MemorySource(bytes), target, Progress.NONE))
        .isInstanceOf(StreamException.Unsupported.class)
        .hasMessageStartingWith("nothing to repair: RAM ends as it should in this mapped-ram file");
    assertThat(target.written()).isZero();
  }

  @Test
  void holesThatAreKnownChangeNothing() throws IOException {
    byte[] bytes = Corpus.bytes(BROKEN);
    Path sparse = folder.resolve("sparse");
    try (FileChannel out =
        FileChannel.open(sparse, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      MemorySegment all = MemorySegment.ofArray(bytes);
      for (int at = 0; at < bytes.length; at += 4096) {
        int length = Math.min(4096, bytes.length - at);
        if (length < 4096 || !ZeroPages.isZero(all, at, length)) {
          out.write(ByteBuffer.wrap(bytes, at, length), at);
        }
      }
    }
    PlacedTarget one = new PlacedTarget();
    PlacedTarget other = new PlacedTarget();
    try (ByteSource source = ByteSource.sparse(sparse)) {
      assertThat(MappedRamRepair.repair(source, one, Progress.NONE))
          .isEqualTo(MappedRamRepair.repair(new MemorySource(bytes), other, Progress.NONE));
    }
    assertThat(Arrays.equals(one.toArray(), other.toArray())).isTrue();
  }

  @Test
  void aRepairedFileIsNotRepairedAgain() throws IOException {
    PlacedTarget target = new PlacedTarget();
    MappedRamRepair.repair(new MemorySource(Corpus.bytes(BROKEN)), target, Progress.NONE);
    byte[] repaired = target.toArray();
    assertThatThrownBy(
            () ->
                MappedRamRepair.repair(
                    new MemorySource(repaired), new PlacedTarget(), Progress.NONE))
        .hasMessageStartingWith("nothing to repair: pages are marked as stored");
  }

  @Test
  void anotherStreamIsRefused() throws IOException {
    byte[] bytes = Corpus.bytes("pc-10.0-stopped");
    assertThatThrownBy(
            () ->
                MappedRamRepair.repair(new MemorySource(bytes), new PlacedTarget(), Progress.NONE))
        .isInstanceOf(StreamException.Unsupported.class)
        .hasMessageStartingWith("stream without mapped-ram");
  }
}
