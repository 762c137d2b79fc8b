// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static dev.tidemark.checkpoint.archive.Archives.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.CheckpointTarget;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/// The page path allocates at most one byte a page.
class PageAllocationTest {
  private static final int PAGES = 64 << 10;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final MemorySegment window = halfRandom();

  private static MemorySegment halfRandom() {
    MemorySegment window = Arena.ofAuto().allocate(64L * PAGE);
    java.util.Random random = new java.util.Random(3);
    for (long at = 0; at < window.byteSize(); at += 16) {
      window.set(ValueLayout.JAVA_LONG, at, random.nextLong());
    }
    return window;
  }

  /// Takes bytes and forgets them.
  private static final class Nowhere implements CheckpointTarget {
    @Override
    public void append(MemorySegment bytes) {}

    @Override
    public void sync() {}

    @Override
    public void commit() {}

    @Override
    public void abort() {}
  }

  @Test
  void fillingCompressingAndWriting() throws IOException {
    RamBlock ram = new RamBlock(0, "pc.ram", (long) PAGES * PAGE);
    for (Compression compression : Compression.values()) {
      try (ArchiveWriter writer =
          ArchiveWriter.begin(
              new Nowhere(),
              ArchiveOptions.DEFAULT.withCompression(compression),
              Archives.prologue(true, ram))) {
        Archives.PageSink sink = new Archives.PageSink(writer);
        // The hasher's buffers, the table of blocks and the code are warm after this.
        fill(sink, PAGES / 4);
        long before = threads.getCurrentThreadAllocatedBytes();
        fill(sink, PAGES);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        // The way into zstd allocates some 100 to 300 bytes for a block of 15 pages and more, until
        // it is compiled; nothing for a page.
        int most = compression == Compression.ZSTD ? 32 : 1;
        assertThat((double) allocated / PAGES)
            .as("bytes a page, %s", compression)
            .isLessThanOrEqualTo(most);
      }
    }
  }

  private void fill(Archives.PageSink sink, int pages) throws IOException {
    for (int page = 0; page < pages; page++) {
      long offset = (long) (page % PAGES) * PAGE;
      if (page % 8 == 0) {
        sink.zeroPage(0, offset);
      } else {
        sink.page(0, offset, window, offset % window.byteSize());
      }
    }
  }

  @Test
  void reading() throws IOException {
    RamBlock ram = new RamBlock(0, "pc.ram", (long) PAGES / 4 * PAGE);
    byte[] file =
        Archives.write(
            ArchiveOptions.DEFAULT, Archives.prologue(true, ram), sink -> fill(sink, PAGES / 4));
    MemorySegment target = Arena.ofAuto().allocate(PAGE);
    PageVisitor copy =
        new PageVisitor() {
          @Override
          public void page(RamBlock block, long pageOffset, MemorySegment from, long at) {
            MemorySegment.copy(from, at, target, 0, PAGE);
          }

          @Override
          public void zeroPage(RamBlock block, long pageOffset) {
            target.fill((byte) 0);
          }
        };
    try (ArchiveCheckpoint checkpoint = ArchiveCheckpoint.open(ByteSource.of(file))) {
      checkpoint.stream().forEachPage(copy);
      long before = threads.getCurrentThreadAllocatedBytes();
      checkpoint.stream().forEachPage(copy);
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      // One slice and one call of the source for each archive block, 15 pages and more.
      assertThat(allocated * 4.0 / PAGES).as("bytes a page").isLessThanOrEqualTo(16);
    }
  }
}
