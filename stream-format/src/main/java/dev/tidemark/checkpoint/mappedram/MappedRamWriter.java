// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.mappedram;

import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.RandomAccessTarget;
import dev.tidemark.checkpoint.WriteBehind;
import dev.tidemark.checkpoint.stream.DestinationStream;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamWriter;
import dev.tidemark.stream.ram.MappedRam;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Writes a checkpoint as a mapped-ram file, as QEMU lays one out; QEMU loads it with and without
/// multifd.
///
/// Pages may come in any order and any number of times; the last version of each stays. Pages of
/// nothing but zeroes are left out: they are holes where the file system knows holes. Pages are
/// written by a thread of their own, the bitmaps last of all: a file that was left unfinished has
/// none.
///
/// XBZRLE deltas are not taken: a source that has some is spooled first, see
/// [dev.tidemark.checkpoint.PageSpool].
///
/// Format: `mapped_ram_setup_ramblock` in `migration/ram.c`, QEMU 10.0.2.
public final class MappedRamWriter {
  /// Bytes of RAM between two calls of a progress listener.
  private static final long PROGRESS_STEP = 16 << 20;

  private MappedRamWriter() {}

  /// What to do beside copying.
  ///
  /// @param fileOffset where the stream starts in its file, in bytes, 0 or more; what stands before
  ///     it is the caller's
  /// @param progress told the bytes of RAM taken so far, of those that the machine has
  /// @param runState the run state to put into `globalstate`; absent leaves it as it is
  public record Options(long fileOffset, Progress progress, Optional<String> runState) {
    /// From the start of the file, no listener, run state as stored.
    public static final Options DEFAULT = new Options(0, Progress.NONE, Optional.empty());

    /// Checks the offset.
    public Options {
      if (fileOffset < 0 || fileOffset > Long.MAX_VALUE / 4) {
        throw new IllegalArgumentException("file offset " + fileOffset);
      }
    }

    /// The same for another place in the file.
    ///
    /// @param offset where the stream starts, 0 or more
    public Options withFileOffset(long offset) {
      return new Options(offset, progress, runState);
    }

    /// The same with a listener.
    ///
    /// @param listener told the bytes of RAM taken so far
    public Options withProgress(Progress listener) {
      return new Options(fileOffset, listener, runState);
    }

    /// The same with another run state.
    ///
    /// @param state such as `running` or `paused`
    public Options withRunState(String state) {
      return new Options(fileOffset, progress, Optional.of(state));
    }
  }

  /// Writes a checkpoint. Closes neither, and does not commit the target.
  ///
  /// @param in read to its end
  /// @param out written at positions; nothing may have been written at or behind the stream's start
  /// @param options what to do beside
  /// @return file offset behind the stream's last byte, where the file ends
  /// @throws StreamException.Unsupported if the source has no configuration section, which has to
  ///     list the capability, or a part of its RAM is in other files
  /// @throws IOException if one cannot be read or the other cannot be written
  public static long write(CheckpointStream in, RandomAccessTarget out, Options options)
      throws IOException {
    try (WriteBehind pages = WriteBehind.at(out);
        Copy copy = new Copy(in, out, pages, options)) {
      return copy.write();
    }
  }

  /// One checkpoint on its way. What comes before the pages is written when the first is visited:
  /// only then is it known whole.
  private static final class Copy implements PageVisitor, AutoCloseable {
    private final CheckpointStream in;
    private final RandomAccessTarget out;
    private final WriteBehind pages;
    private final Options options;
    private final PlacedChannel channel;
    private final StreamWriter writer;
    private final DestinationStream frame;
    private final int pageSize;
    private final long ramBytes;
    private long[] pagesAt = {};
    private @Nullable PageBits bits;
    private long done;
    private long next = PROGRESS_STEP;

    // The writer is not closed: what it has is flushed.
    @SuppressWarnings("resource")
    Copy(CheckpointStream in, RandomAccessTarget out, WriteBehind pages, Options options) {
      this.in = in;
      this.out = out;
      this.pages = pages;
      this.options = options;
      this.channel = new PlacedChannel(out, options.fileOffset());
      this.writer = MigrationStream.write(channel).fileOffset(options.fileOffset());
      this.frame = new DestinationStream(in, writer);
      this.pageSize = in.targetPageSize();
      this.ramBytes = in.ramBlocks().stream().mapToLong(RamBlock::usedLength).sum();
    }

    long write() throws IOException {
      frame.begin(true);
      in.forEachPage(this);
      PageBits stored = bits();
      pages.finish();
      frame.behindPages(options.runState());
      stored.writeTo(out);
      options.progress().advanced(ramBytes, ramBytes);
      return channel.position();
    }

    private PageBits bits() throws IOException {
      PageBits begun = bits;
      if (begun != null) {
        return begun;
      }
      frame.beforePages();
      List<RamBlockEntry> entries =
          writer.mappedRamStart(frame.ram(), in.ramBlocks(), channel::skip);
      pagesAt =
          entries.stream()
              .mapToLong(entry -> entry.mappedRam().map(MappedRam::pagesOffset).orElseThrow())
              .toArray();
      begun = new PageBits(entries, pageSize);
      bits = begun;
      return begun;
    }

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset)
        throws IOException {
      if (ZeroPages.isZero(window, windowOffset, pageSize)) {
        zeroPage(block, pageOffset);
        return;
      }
      bits().set(block, pageNumber(block, pageOffset));
      pages.put(pagesAt[block.index()] + pageOffset, window, windowOffset, pageSize);
      advance();
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) throws IOException {
      bits().clear(block, pageNumber(block, pageOffset));
      advance();
    }

    private long pageNumber(RamBlock block, long pageOffset) {
      if (block.index() < 0
          || block.index() >= pagesAt.length
          || pageOffset < 0
          || pageOffset >= block.usedLength()
          || pageOffset % pageSize != 0) {
        throw new IllegalArgumentException("page offset " + pageOffset + " of " + block);
      }
      return pageOffset / pageSize;
    }

    private void advance() {
      done += pageSize;
      if (done >= next) {
        next = done + PROGRESS_STEP;
        options.progress().advanced(Math.min(done, ramBytes), ramBytes);
      }
    }

    @Override
    public void close() {
      if (bits != null) {
        bits.close();
      }
    }
  }
}
