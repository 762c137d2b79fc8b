// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.analysis;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.checkpoint.analysis.RamDiff.Difference;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Compares the pages of two checkpoints, a chunk of a block at a time, several chunks at once.
final class PageComparison implements AutoCloseable {
  private final Checkpoint first;
  private final Checkpoint second;
  private final RamDiff.Options options;
  private final int pageSize;
  private final ExecutorService workers;
  private final Deque<Future<Long>> running = new ArrayDeque<>();
  private long done;
  private long total;

  PageComparison(Checkpoint first, Checkpoint second, RamDiff.Options options) {
    this.first = first;
    this.second = second;
    this.options = options;
    this.pageSize = first.targetPageSize();
    this.workers =
        Executors.newFixedThreadPool(
            options.threads(), Thread.ofPlatform().daemon().name("tidemark-diff-", 0).factory());
  }

  void compare(List<RamDiff.Block> blocks) throws IOException, InterruptedException {
    total = blocks.stream().mapToLong(b -> b.total() * pageSize).sum();
    for (RamDiff.Block block : blocks) {
      for (long chunk = 0; chunk * DifferentPages.CHUNK_PAGES < block.total(); chunk++) {
        if (running.size() == 2 * options.threads()) {
          await();
        }
        long number = chunk;
        running.add(workers.submit(() -> new Worker(block, number).compare()));
      }
    }
    while (!running.isEmpty()) {
      await();
    }
    options.progress().advanced(total, total);
  }

  private void await() throws IOException, InterruptedException {
    try {
      done += running.remove().get();
      options.progress().advanced(done, total);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException io -> throw io;
        case RuntimeException unchecked -> throw unchecked;
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  /// Ends the workers; what they were doing is given up, and over when this returns.
  @Override
  public void close() {
    running.forEach(future -> future.cancel(false));
    workers.close();
  }

  /// The comparison of a chunk.
  private final class Worker {
    private final RamDiff.Block block;
    private final long chunk;
    private final long start;
    private final int pages;
    private final byte[] found;

    Worker(RamDiff.Block block, long chunk) {
      this.block = block;
      this.chunk = chunk;
      this.start = chunk * DifferentPages.CHUNK_PAGES * pageSize;
      this.pages =
          (int)
              Math.min(
                  DifferentPages.CHUNK_PAGES, block.total() - chunk * DifferentPages.CHUNK_PAGES);
      this.found = new byte[pages];
    }

    long compare() throws IOException {
      try (Arena arena = Arena.ofConfined()) {
        Side a = new Side(first, block.first(), arena.allocate(pageSize, 64));
        Side b = new Side(second, block.second(), arena.allocate(pageSize, 64));
        long at = start;
        long end = start + (long) pages * pageSize;
        while (at < end) {
          PageKind ofA = a.kind(at);
          PageKind ofB = b.kind(at);
          if (ofA != PageKind.DATA && ofB != PageKind.DATA) {
            long until = Math.min(a.endOfKind(at, end), b.endOfKind(at, end));
            fill(at, until, code(ofA, ofB));
            at = until;
          } else {
            found[page(at)] = contents(a, ofA, b, ofB, at);
            at += pageSize;
          }
        }
      }
      block.pages().add(chunk, found);
      return (long) pages * pageSize;
    }

    private int page(long at) {
      return (int) ((at - start) / pageSize);
    }

    private void fill(long from, long to, byte code) {
      for (long at = from; code != 0 && at < to; at += pageSize) {
        found[page(at)] = code;
      }
    }

    private byte contents(Side a, PageKind ofA, Side b, PageKind ofB, long at) throws IOException {
      MemorySegment pageA = a.read(ofA, at);
      MemorySegment pageB = b.read(ofB, at);
      if (pageA.mismatch(pageB) < 0) {
        return code(ofA, ofB);
      }
      if (isZero(pageB)) {
        return DifferentPages.code(Difference.ONLY_FIRST);
      }
      return DifferentPages.code(isZero(pageA) ? Difference.ONLY_SECOND : Difference.CONTENT);
    }

    /// For pages that read the same.
    private byte code(PageKind ofA, PageKind ofB) {
      boolean inA = ofA != PageKind.MISSING;
      boolean inB = ofB != PageKind.MISSING;
      if (!options.strict() || inA == inB) {
        return 0;
      }
      return DifferentPages.code(inA ? Difference.ONLY_FIRST : Difference.ONLY_SECOND);
    }
  }

  private static boolean isZero(MemorySegment page) {
    for (long at = 0; at < page.byteSize(); at += 8) {
      if (page.get(ValueLayout.JAVA_LONG_UNALIGNED, at) != 0) {
        return false;
      }
    }
    return true;
  }

  /// One of the two checkpoints; behind the block's end all is missing.
  private record Side(Checkpoint checkpoint, RamBlock block, MemorySegment page) {
    PageKind kind(long at) throws IOException {
      return at < block.usedLength() ? checkpoint.pageKind(block, at) : PageKind.MISSING;
    }

    long endOfKind(long at, long limit) throws IOException {
      return at < block.usedLength()
          ? checkpoint.endOfKind(block, at, Math.min(limit, block.usedLength()))
          : limit;
    }

    MemorySegment read(PageKind kind, long at) throws IOException {
      if (kind != PageKind.DATA) {
        return page.fill((byte) 0);
      }
      checkpoint.readPage(block, at, page);
      return page;
    }
  }
}
