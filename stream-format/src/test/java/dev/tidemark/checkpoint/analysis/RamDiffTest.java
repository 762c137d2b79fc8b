// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.checkpoint.analysis.RamDiff.Difference;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Which pages of two checkpoints differ, and how.
class RamDiffTest {
  private static final byte[] ONE = {1, 2, 3};
  private static final byte[] OTHER = {1, 2, 4};
  private static final byte[] ZEROES = new byte[MemoryCheckpoint.PAGE];
  private static final byte[] NOTHING = {};

  /// Of a length that no other has.
  private static final byte[] MISSING = {0, 0};

  private static MemoryCheckpoint pages(byte[]... contents) {
    MemoryCheckpoint checkpoint = MemoryCheckpoint.of("ram", contents.length);
    for (int page = 0; page < contents.length; page++) {
      if (contents[page].length != MISSING.length) {
        checkpoint.put("ram", page, contents[page]);
      }
    }
    return checkpoint;
  }

  private static List<String> ranges(Checkpoint a, Checkpoint b, boolean strict) throws Exception {
    RamDiff diff = RamDiff.between(a, b, RamDiff.Options.DEFAULT.withStrict(strict));
    List<String> ranges = new ArrayList<>();
    for (RamDiff.Block block : diff.blocks()) {
      block.forEachRange(
          (start, end, how) ->
              ranges.add(
                  "%s %d-%d %s"
                      .formatted(
                          block.first().idstr(),
                          start / MemoryCheckpoint.PAGE,
                          end / MemoryCheckpoint.PAGE,
                          how)));
    }
    assertThat(diff.isEmpty() && !ranges.isEmpty()).as("empty with ranges").isFalse();
    return ranges;
  }

  @Test
  void pagesAreComparedByContent() throws Exception {
    Checkpoint a = pages(ONE, ONE, ONE, ZEROES, NOTHING, MISSING, ONE, MISSING, NOTHING, ZEROES);
    Checkpoint b = pages(ONE, OTHER, ZEROES, ONE, ONE, ONE, MISSING, MISSING, MISSING, MISSING);
    assertThat(ranges(a, b, false))
        .containsExactly(
            "ram 1-2 CONTENT", "ram 2-3 ONLY_FIRST", "ram 3-6 ONLY_SECOND", "ram 6-7 ONLY_FIRST");
    assertThat(ranges(a, a, false)).isEmpty();
  }

  @Test
  void strictlyWhatIsRecordedIsNotMissing() throws Exception {
    Checkpoint a = pages(NOTHING, ZEROES, MISSING, NOTHING, MISSING);
    Checkpoint b = pages(MISSING, MISSING, NOTHING, ZEROES, MISSING);
    assertThat(ranges(a, b, false)).isEmpty();
    assertThat(ranges(a, b, true)).containsExactly("ram 0-2 ONLY_FIRST", "ram 2-3 ONLY_SECOND");
  }

  @Test
  void blocksAreMatchedByName() throws Exception {
    MemoryCheckpoint a = MemoryCheckpoint.of("rom", 1).with("ram", 3).with("a", 2);
    MemoryCheckpoint b = MemoryCheckpoint.of("b", 1).with("ram", 2).with("rom", 1);
    a.put("rom", 0, ONE).put("ram", 0, ONE).put("ram", 2, ONE);
    b.put("rom", 0, OTHER).put("ram", 0, ONE);
    RamDiff diff = RamDiff.between(a, b, RamDiff.Options.DEFAULT);
    assertThat(diff.onlyFirst()).extracting(RamBlock::idstr).containsExactly("a");
    assertThat(diff.onlySecond()).extracting(RamBlock::idstr).containsExactly("b");
    assertThat(diff.blocks())
        .extracting(
            block -> block.first().idstr(),
            RamDiff.Block::total,
            RamDiff.Block::equal,
            block -> block.count(Difference.CONTENT),
            block -> block.count(Difference.ONLY_FIRST))
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("rom", 1L, 0L, 1L, 0L),
            org.assertj.core.groups.Tuple.tuple("ram", 3L, 2L, 0L, 1L));
    assertThat(diff.isEmpty()).isFalse();
  }

  @Test
  void aBlockOfAnotherSizeIsADifference() throws Exception {
    Checkpoint a = MemoryCheckpoint.of("ram", 3);
    Checkpoint b = MemoryCheckpoint.of("ram", 2);
    RamDiff diff = RamDiff.between(a, b, RamDiff.Options.DEFAULT);
    assertThat(diff.blocks().getFirst().equal()).isEqualTo(3);
    assertThat(diff.isEmpty()).isFalse();
  }

  @Test
  void rangesGoOverTheBoundsOfChunks() throws Exception {
    int pages = 3 * DifferentPages.CHUNK_PAGES + 7;
    MemoryCheckpoint a = MemoryCheckpoint.of("ram", pages);
    MemoryCheckpoint b = MemoryCheckpoint.of("ram", pages);
    for (int page = DifferentPages.CHUNK_PAGES - 2; page < pages; page++) {
      a.put("ram", page, ONE);
    }
    assertThat(ranges(a, b, false))
        .containsExactly("ram " + (DifferentPages.CHUNK_PAGES - 2) + "-" + pages + " ONLY_FIRST");
    a.put("ram", DifferentPages.CHUNK_PAGES, NOTHING);
    assertThat(ranges(b, a, false))
        .containsExactly("ram 4094-4096 ONLY_SECOND", "ram 4097-" + pages + " ONLY_SECOND");
  }

  @Test
  void targetPagesOfOtherSizesAreNotCompared() {
    assertThatThrownBy(
            () ->
                RamDiff.between(
                    MemoryCheckpoint.of("ram", 4),
                    MemoryCheckpoint.of("ram", 4).withPageSize(8192),
                    RamDiff.Options.DEFAULT))
        .isInstanceOf(StreamException.Unsupported.class)
        .hasMessageContaining("target pages of 4096 bytes, these are of 8192");
  }

  @Test
  void progressEndsAtTheWhole() throws Exception {
    List<Long> told = new ArrayList<>();
    Checkpoint a = MemoryCheckpoint.of("ram", 2 * DifferentPages.CHUNK_PAGES);
    RamDiff.between(
        a,
        a,
        RamDiff.Options.DEFAULT.withProgress(
            (done, total) -> {
              told.add(done);
              assertThat(total).isEqualTo(2L * DifferentPages.CHUNK_PAGES * MemoryCheckpoint.PAGE);
            }));
    assertThat(told).isSorted().endsWith(2L * DifferentPages.CHUNK_PAGES * MemoryCheckpoint.PAGE);
  }

  @Test
  void aFailureOfAReaderComesOut() {
    MemoryCheckpoint failing =
        new MemoryCheckpoint() {
          @Override
          public PageKind readPage(RamBlock block, long pageOffset, MemorySegment target)
              throws IOException {
            throw new IOException("medium error");
          }
        };
    failing.with("ram", 9).put("ram", 8, ONE);
    assertThatThrownBy(
            () -> RamDiff.between(MemoryCheckpoint.of("ram", 9), failing, RamDiff.Options.DEFAULT))
        .isInstanceOf(IOException.class)
        .hasMessage("medium error");
  }
}
