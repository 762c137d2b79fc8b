// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.fixture.MemorySource;
import dev.tidemark.stream.fixture.StreamSpec;
import dev.tidemark.stream.fixture.StreamSpec.Block;
import dev.tidemark.stream.fixture.StreamSpec.Device;
import dev.tidemark.stream.fixture.StreamSpec.Page;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Reading pages allocates nothing per page.
class PageAllocationTest {
  private static final int PAGES = 20_000;

  @Test
  void atMostOneBytePerPage() throws IOException {
    byte[] stream = stream();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Sum sum = new Sum();
    long allocated = 0;
    for (int run = 0; run < 5; run++) {
      try (StreamReader in =
          MigrationStream.of(TargetPageSize.of(4096)).read(new MemorySource(stream))) {
        for (StreamElement e = in.next(); e != null; e = in.next()) {
          if (e instanceof RamSection ram) {
            long before = threads.getCurrentThreadAllocatedBytes();
            ram.pages().forEach(sum);
            allocated = Math.max(0, threads.getCurrentThreadAllocatedBytes() - before);
          }
        }
      }
    }
    assertThat(sum.pages).isEqualTo(5 * PAGES);
    assertThat(sum.sum).isNotZero();
    assertThat(allocated).isLessThan(PAGES);
  }

  private static byte[] stream() {
    List<Page> pages = new ArrayList<>();
    for (int i = 0; i < PAGES; i++) {
      pages.add(new Page(i / 7 % 2, i, i % 4 == 0 ? 0 : 256, i % 5 == 0));
    }
    return new StreamSpec(
            4096,
            true,
            true,
            false,
            true,
            true,
            List.of(new Block("pc.ram", PAGES), new Block("vga.vram", PAGES)),
            List.of(List.of(), pages),
            List.of(new Device("timer", 0, 8)),
            List.of())
        .encode();
  }

  private static final class Sum implements PageVisitor {
    long pages;
    long sum;

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      pages++;
      sum += window.get(ValueLayout.JAVA_LONG_UNALIGNED, windowOffset);
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {
      pages++;
    }
  }
}
