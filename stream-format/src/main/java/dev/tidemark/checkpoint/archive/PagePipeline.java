// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Compresses and writes page blocks in threads of their own, in the order in which the reader
/// fills them.
///
/// ```
///   reader ──fills──▶ page blocks ──▶ tidemark-compress-N ──▶ tidemark-write ──▶ ArchiveWriter
///                         ▲            in any order             in the reader's order │
///                         └───────────────── emptied ◀──────────────────────────────┘
/// ```
///
/// [#page], [#zeroPage], [#flush] and [#finish] belong to the reader's thread; [#rest] may be
/// called by any. Once its blocks are there, nothing is allocated for a page.
public final class PagePipeline implements AutoCloseable {
  private final ArchiveWriter writer;
  private final Runnable onFailure;
  private final BlockingQueue<Slot> free;
  private final BlockingQueue<Slot> toCompress;
  private final BlockingQueue<Slot> toWrite;
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  private final ReentrantLock gate = new ReentrantLock();
  private final Condition gateOpens = gate.newCondition();
  private volatile boolean resting;
  private volatile boolean closing;

  private final int slots;
  private @Nullable Slot current;

  /// Starts the threads.
  ///
  /// @param writer takes the compressed blocks; used by the writer's thread alone until [#finish]
  ///     has returned
  /// @param blocks how many blocks there are in all, at least 2
  /// @param compressors how many compressor threads there are, at least 1
  /// @param onFailure called once, by the thread that failed, so that the reader wakes up
  public PagePipeline(ArchiveWriter writer, int blocks, int compressors, Runnable onFailure) {
    this.writer = writer;
    this.onFailure = onFailure;
    this.slots = blocks;
    this.free = new ArrayBlockingQueue<>(blocks);
    this.toCompress = new ArrayBlockingQueue<>(blocks);
    this.toWrite = new ArrayBlockingQueue<>(blocks);
    for (int i = 0; i < blocks; i++) {
      free.add(new Slot(writer.newPageBlock()));
    }
    for (int i = 0; i < compressors; i++) {
      PageBlockCompressor compressor = writer.newCompressor();
      start("tidemark-compress-" + i, () -> compressNext(compressor));
    }
    start("tidemark-write", this::writeNext);
  }

  /// Adds a page to the block being filled.
  ///
  /// Waits for a free block, unless the guest stands: then it returns at once, since blocks come
  /// free only when the threads do not rest.
  ///
  /// @param block index of the page's RAM block
  /// @param pageOffset offset inside the RAM block in bytes
  /// @param window where its bytes are; not kept
  /// @param windowOffset where in `window` they start
  /// @return false if there is no free block while the threads rest; then nothing was added
  /// @throws IOException if the pipeline has failed
  public boolean page(int block, long pageOffset, MemorySegment window, long windowOffset)
      throws IOException {
    while (true) {
      Slot slot = filling();
      if (slot == null) {
        return false;
      }
      if (slot.block.page(block, pageOffset, window, windowOffset)) {
        return true;
      }
      flush();
    }
  }

  /// Adds a page that is all zeroes, as [#page].
  ///
  /// @param block index of the page's RAM block
  /// @param pageOffset offset inside the RAM block in bytes
  /// @return false if there is no free block while the threads rest; then nothing was added
  /// @throws IOException if the pipeline has failed
  public boolean zeroPage(int block, long pageOffset) throws IOException {
    while (true) {
      Slot slot = filling();
      if (slot == null) {
        return false;
      }
      if (slot.block.zeroPage(block, pageOffset)) {
        return true;
      }
      flush();
    }
  }

  /// Hands the block being filled on, if it holds anything.
  public void flush() {
    Slot slot = current;
    if (slot != null && !slot.block.isEmpty()) {
      current = null;
      toWrite.add(slot);
      toCompress.add(slot);
    }
  }

  /// Lets compressors and writer rest, or go on.
  ///
  /// A block that is being compressed or written is finished first.
  ///
  /// @param rest whether they shall rest
  public void rest(boolean rest) {
    gate.lock();
    try {
      resting = rest;
      gateOpens.signalAll();
    } finally {
      gate.unlock();
    }
  }

  /// Waits until everything is written and ends the threads; the archive's writer is the caller's
  /// again.
  ///
  /// @throws IOException if the pipeline has failed
  public void finish() throws IOException {
    rest(false);
    flush();
    if (current != null) {
      free.add(current);
      current = null;
    }
    try {
      for (int i = 0; i < slots; i++) {
        if (await(free) == null) {
          throw new IllegalStateException("the threads were put to rest while they had to finish");
        }
      }
    } finally {
      close();
    }
  }

  /// Ends the threads; what was not written is lost. Does nothing after [#finish].
  @Override
  public void close() {
    closing = true;
    rest(false);
    for (Thread thread : threads) {
      thread.interrupt();
    }
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (!thread.equals(Thread.currentThread()) && thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private @Nullable Slot filling() throws IOException {
    if (current == null) {
      current = await(free);
    }
    return current;
  }

  /// A free slot, or null if there is none while the threads rest.
  private @Nullable Slot await(BlockingQueue<Slot> queue) throws IOException {
    try {
      while (true) {
        Slot slot = queue.poll();
        if (slot == null && !resting) {
          slot = queue.poll(1, TimeUnit.MILLISECONDS);
        }
        throwFailure();
        if (slot == null && closing) {
          throw new ClosedChannelException();
        }
        if (slot != null || resting) {
          return slot;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for a free page block");
    }
  }

  /// Throws what ended a thread of this pipeline, if anything has.
  ///
  /// @throws IOException as that thread's
  public void throwFailure() throws IOException {
    Throwable cause = failure.get();
    switch (cause) {
      case null -> {}
      case IOException e -> throw e;
      case Throwable e ->
          throw new IllegalStateException("a thread of the page pipeline failed", e);
    }
  }

  private void compressNext(PageBlockCompressor compressor) throws InterruptedException {
    Slot slot = toCompress.take();
    awaitGate();
    compressor.compress(slot.block);
    slot.compressed.release();
  }

  private void writeNext() throws IOException, InterruptedException {
    Slot slot = toWrite.take();
    slot.compressed.acquire();
    awaitGate();
    writer.write(slot.block);
    slot.block.clear();
    free.add(slot);
  }

  private void awaitGate() throws InterruptedException {
    if (!resting) {
      return;
    }
    gate.lockInterruptibly();
    try {
      while (resting) {
        gateOpens.await();
      }
    } finally {
      gate.unlock();
    }
  }

  private void start(String name, Step step) {
    Thread thread =
        Thread.ofPlatform()
            .name(name)
            .daemon(true)
            .unstarted(
                () -> {
                  try {
                    while (!closing) {
                      step.run();
                    }
                  } catch (InterruptedException e) {
                    // The way in which close() ends this thread.
                  } catch (IOException | RuntimeException | Error e) {
                    if (!closing && failure.compareAndSet(null, e)) {
                      onFailure.run();
                    }
                  }
                });
    threads.add(thread);
    thread.start();
  }

  @FunctionalInterface
  private interface Step {
    void run() throws IOException, InterruptedException;
  }

  /// A block and whether it has been compressed.
  private static final class Slot {
    final PageBlock block;
    final Semaphore compressed = new Semaphore(0);

    Slot(PageBlock block) {
      this.block = block;
    }
  }
}
