// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// What is measured of pages, and on which.
class ContentSampleTest {
  private static final int PAGE = MemoryCheckpoint.PAGE;

  private static ContentSample sample(Checkpoint checkpoint, int pages) throws Exception {
    return ContentSample.of(checkpoint, RamSurvey.of(checkpoint), pages);
  }

  private static byte[] random(long seed) {
    byte[] page = new byte[PAGE];
    new Random(seed).nextBytes(page);
    return page;
  }

  @Test
  void randomPagesDoNotCompress() throws Exception {
    MemoryCheckpoint checkpoint = MemoryCheckpoint.of("ram", 100);
    for (int page = 0; page < 50; page++) {
      checkpoint.put("ram", 2L * page, random(page));
    }
    ContentSample sample = sample(checkpoint, 4096);
    assertThat(sample.sampled()).isEqualTo(50);
    assertThat(sample.of()).isEqualTo(50);
    assertThat(sample.entropy()).isCloseTo(7.95, within(0.01));
    assertThat(sample.bytes()).isEqualTo(50L * PAGE);
    assertThat(sample.lz4Bytes()).isEqualTo(50L * PAGE);
    assertThat(sample.zstdBytes()).isEqualTo(50L * PAGE);
  }

  @Test
  void flatPagesDo() throws Exception {
    MemoryCheckpoint checkpoint = MemoryCheckpoint.of("ram", 33);
    for (int page = 0; page < 33; page++) {
      byte[] flat = new byte[PAGE];
      java.util.Arrays.fill(flat, (byte) 9);
      checkpoint.put("ram", page, flat);
    }
    ContentSample sample = sample(checkpoint, 4096);
    assertThat(sample.entropy()).isZero();
    assertThat(sample.lz4Bytes()).isBetween(100L, 1000L);
    assertThat(sample.zstdBytes()).isBetween(10L, 200L);
  }

  @Test
  void nothingIsMeasuredOfNothing() throws Exception {
    assertThat(sample(MemoryCheckpoint.of("ram", 9).put("ram", 3), 4096))
        .isEqualTo(new ContentSample(0, 0, 0, 0, 0, 0));
  }

  @Test
  void theSampleIsSpreadEvenly() throws Exception {
    List<Long> read = new ArrayList<>();
    MemoryCheckpoint counting =
        new MemoryCheckpoint() {
          @Override
          public PageKind readPage(RamBlock block, long pageOffset, MemorySegment target)
              throws IOException {
            read.add(pageOffset / PAGE);
            return super.readPage(block, pageOffset, target);
          }
        };
    counting.with("rom", 10).with("ram", 1000);
    for (int page = 0; page < 1000; page++) {
      counting.put("ram", page, (byte) 1);
    }
    assertThat(sample(counting, 10).sampled()).isEqualTo(10);
    assertThat(read).containsExactly(50L, 150L, 250L, 350L, 450L, 550L, 650L, 750L, 850L, 950L);
    read.clear();
    assertThat(sample(counting, 1000).sampled()).isEqualTo(1000);
    assertThat(read).hasSize(1000).isSorted().doesNotHaveDuplicates();
  }
}
