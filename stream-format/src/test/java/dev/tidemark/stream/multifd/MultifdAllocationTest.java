// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.multifd.MultifdPacket.RamPacket;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.channels.Channels;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Reading pages from a channel allocates nothing per page.
class MultifdAllocationTest {
  private static final int PAGE = 4096;
  private static final int PAGES = 20_000;
  private static final RamBlock BLOCK = new RamBlock(0, "pc.ram", (long) PAGES * PAGE);

  @Test
  void atMostOneBytePerPage() throws IOException {
    byte[] channel = channel();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Sum sum = new Sum();
    long allocated = 0;
    for (int run = 0; run < 5; run++) {
      try (MultifdChannelReader in =
          MultifdChannelReader.open(Merging.settings(PAGE), ByteSource.of(channel))) {
        in.ramBlocks(PAGE, List.of(BLOCK));
        long before = threads.getCurrentThreadAllocatedBytes();
        assertThat(in.readToSync(sum)).isTrue();
        allocated = Math.max(0, threads.getCurrentThreadAllocatedBytes() - before);
      }
    }
    assertThat(sum.pages).isEqualTo(5 * PAGES);
    assertThat(sum.sum).isNotZero();
    assertThat(allocated).isLessThan(PAGES);
  }

  /// Packets of 100 pages, every fourth page a zero page.
  private static byte[] channel() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    MemorySegment content = MemorySegment.ofArray(new byte[PAGE]).fill((byte) 3);
    try (MultifdChannelWriter to = new MultifdChannelWriter(Channels.newChannel(out), PAGE)) {
      to.initial(new MultifdInitialPacket(MultifdInitialPacket.NO_UUID, 0));
      for (int first = 0; first < PAGES; first += 100) {
        for (int i = first; i < first + 100; i++) {
          if (i % 4 == 0) {
            to.pages().zeroPage(BLOCK, (long) i * PAGE);
          } else {
            to.pages().page(BLOCK, (long) i * PAGE, content, 0);
          }
        }
        to.packet(to.pages(), MultifdMethod.NONE, first);
      }
      to.with(RamPacket.sync(1));
    }
    return out.toByteArray();
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
