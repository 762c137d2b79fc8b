// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.DeltaVisitor;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.Xbzrle;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * The file is as long as RAM and holds page i of all blocks together at i * pageSize, so that what is visited
 * in address order is read in order; pages that have no content are holes. Two bits a page say what is held,
 * in chunks of native memory that are allocated when first needed. A page that becomes zero keeps its bytes in
 * the file, but nobody reads them again.
 */

/// The newest version of every page, in an unnamed temporary file.
///
/// For what cannot be read at random: deltas, which need the version before, and pages that come
/// through a pipe. The file has mode 0600 and no name from the start on, since RAM holds secrets:
/// it
/// is gone with the process. Zero pages take no room.
///
/// One thread fills it; then any number may read, at once. Nothing is allocated per page.
public final class PageSpool implements DeltaVisitor, Closeable {
  /// Most bytes of RAM that can be spooled: less than the longest file of usual file systems.
  public static final long MAX_BYTES = 1L << 43;

  /// Table bytes that are granted whatever came.
  private static final long GRANTED = 64 << 20;

  private static final int CHUNK_PAGES = 1 << 12;
  private static final int PAGES_PER_BYTE = 4;
  private static final int CHUNK_BYTES = CHUNK_PAGES / PAGES_PER_BYTE;

  private static final int MISSING = 0;
  private static final int ZERO = 1;
  private static final int DATA = 2;

  /// Most bytes read at once when all pages are visited.
  private static final int WINDOW_BYTES = 1 << 18;

  private final Path folder;
  private final FileChannel file;
  private final List<RamBlock> blocks;
  private final int pageSize;
  private final long[] firstPages;
  private final Arena arena = Arena.ofShared();
  private final @Nullable MemorySegment[] chunks;
  private final MemorySegment scratch;
  private final ByteBuffer scratchBuffer;
  private long tableBytes;
  private long taken;

  private PageSpool(Path folder, FileChannel file, List<RamBlock> blocks, int pageSize) {
    this.folder = folder;
    this.file = file;
    this.blocks = List.copyOf(blocks);
    this.pageSize = pageSize;
    this.firstPages = new long[blocks.size()];
    long pages = 0;
    for (int i = 0; i < firstPages.length; i++) {
      firstPages[i] = pages;
      pages += blocks.get(i).usedLength() / pageSize;
    }
    this.chunks = new MemorySegment[(int) ((pages + CHUNK_PAGES - 1) / CHUNK_PAGES)];
    this.scratch = arena.allocate(pageSize, 4096);
    this.scratchBuffer = scratch.asByteBuffer();
  }

  /// An empty spool in the folder for temporary files, `java.io.tmpdir`.
  ///
  /// @param blocks the RAM blocks, in block-list order
  /// @param targetPageSize bytes of a page
  /// @throws StreamException.LimitExceeded if RAM has more than [#MAX_BYTES]
  /// @throws IOException if there is no such file to be had
  public static PageSpool create(List<RamBlock> blocks, int targetPageSize) throws IOException {
    return create(UnnamedFile.temporaryFolder(), blocks, targetPageSize);
  }

  /// An empty spool.
  ///
  /// @param folder where its file is; exists and can be written
  /// @param blocks the RAM blocks, in block-list order
  /// @param targetPageSize bytes of a page
  /// @throws StreamException.LimitExceeded if RAM has more than [#MAX_BYTES]
  /// @throws IOException if there is no such file to be had
  public static PageSpool create(Path folder, List<RamBlock> blocks, int targetPageSize)
      throws IOException {
    long bytes = 0;
    for (RamBlock block : blocks) {
      if (block.usedLength() > MAX_BYTES - bytes) {
        throw new StreamException.LimitExceeded(
            "RAM of more than " + MAX_BYTES + " bytes to be spooled", 0, "page spool");
      }
      bytes += block.usedLength();
    }
    FileChannel file = UnnamedFile.create(folder, targetPageSize);
    return new PageSpool(folder, file, blocks, targetPageSize);
  }

  /// Reads a checkpoint to its end, for random access.
  ///
  /// @param in read to its end; not closed
  /// @param format what the result says that it was read from
  /// @param folder where the pages are kept meanwhile
  /// @return a checkpoint that holds no manifest
  /// @throws IOException if it cannot be read, or its pages cannot be kept
  public static Checkpoint checkpoint(CheckpointStream in, CheckpointFormat format, Path folder)
      throws IOException {
    PageSpool spool = create(folder, in.ramBlocks(), in.targetPageSize());
    try {
      in.forEachPage(spool);
      return new SpooledCheckpoint(
          spool, format, in.configuration(), in.deviceState(), in.footers());
    } catch (IOException | RuntimeException | Error e) {
      spool.close();
      throw e;
    }
  }

  /// The RAM blocks in block-list order.
  public List<RamBlock> ramBlocks() {
    return blocks;
  }

  /// Bytes of a page.
  public int targetPageSize() {
    return pageSize;
  }

  @Override
  public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset)
      throws IOException {
    long page = pageNumber(block, pageOffset);
    MemorySegment.copy(window, windowOffset, scratch, 0, pageSize);
    write(page);
    setKind(page, DATA);
  }

  @Override
  public void zeroPage(RamBlock block, long pageOffset) throws IOException {
    setKind(pageNumber(block, pageOffset), ZERO);
  }

  /// Applies a delta to the version before, which is all zeroes if there was none.
  @Override
  public void xbzrlePage(
      RamBlock block, long pageOffset, MemorySegment window, long windowOffset, int length)
      throws IOException {
    long page = pageNumber(block, pageOffset);
    if (kind(page) == DATA) {
      read(page, scratchBuffer.clear());
    } else {
      scratch.fill((byte) 0);
    }
    Xbzrle.decode(window, windowOffset, length, scratch, 0, pageSize, 0);
    write(page);
    setKind(page, DATA);
  }

  /// What is held for a page.
  ///
  /// @param block one of [#ramBlocks]
  /// @param pageOffset offset inside the block in bytes, a multiple of [#targetPageSize]
  public PageKind pageKind(RamBlock block, long pageOffset) {
    return kindOf(kind(pageNumber(block, pageOffset)));
  }

  /// Reads a page; zeroes for [PageKind#ZERO] and [PageKind#MISSING].
  ///
  /// @param block one of [#ramBlocks]
  /// @param pageOffset offset inside the block in bytes, a multiple of [#targetPageSize]
  /// @param target takes [#targetPageSize] bytes, from its start
  /// @return what was held for it
  /// @throws IOException if the file cannot be read
  public PageKind readPage(RamBlock block, long pageOffset, MemorySegment target)
      throws IOException {
    long page = pageNumber(block, pageOffset);
    MemorySegment into = target.asSlice(0, pageSize);
    int kind = kind(page);
    if (kind == DATA) {
      read(page, into.asByteBuffer());
    } else {
      into.fill((byte) 0);
    }
    return kindOf(kind);
  }

  /// Visits all pages that are held, block by block in address order.
  ///
  /// @param visitor takes the pages
  /// @throws IOException if the file cannot be read, or the visitor throws
  public void forEach(PageVisitor visitor) throws IOException {
    int most = Math.max(1, WINDOW_BYTES / pageSize);
    ByteBuffer buffer = ByteBuffer.allocateDirect(most * pageSize);
    MemorySegment window = MemorySegment.ofBuffer(buffer);
    for (RamBlock block : blocks) {
      long first = firstPages[block.index()];
      long pages = block.usedLength() / pageSize;
      for (long i = 0; i < pages; ) {
        int kind = kind(first + i);
        if (kind == DATA) {
          int run = 1;
          while (run < most && i + run < pages && kind(first + i + run) == DATA) {
            run++;
          }
          read(first + i, buffer.clear().limit(run * pageSize));
          for (int k = 0; k < run; k++) {
            visitor.page(block, (i + k) * pageSize, window, (long) k * pageSize);
          }
          i += run;
          continue;
        }
        if (kind == ZERO) {
          visitor.zeroPage(block, i * pageSize);
        }
        i++;
      }
    }
  }

  private long pageNumber(RamBlock block, long pageOffset) {
    if (block.index() < 0
        || block.index() >= blocks.size()
        || pageOffset < 0
        || pageOffset >= blocks.get(block.index()).usedLength()
        || pageOffset % pageSize != 0) {
      throw new IllegalArgumentException("page offset " + pageOffset + " of " + block);
    }
    return firstPages[block.index()] + pageOffset / pageSize;
  }

  private int kind(long page) {
    MemorySegment chunk = chunks[(int) (page / CHUNK_PAGES)];
    if (chunk == null) {
      return MISSING;
    }
    int at = (int) (page % CHUNK_PAGES);
    int four = chunk.get(ValueLayout.JAVA_BYTE, at / PAGES_PER_BYTE);
    return (four >>> (at % PAGES_PER_BYTE * 2)) & 3;
  }

  private void setKind(long page, int kind) throws IOException {
    taken++;
    int index = (int) (page / CHUNK_PAGES);
    MemorySegment chunk = chunks[index];
    if (chunk == null) {
      // Far more table than pages is RAM made large to hurt.
      tableBytes += CHUNK_BYTES;
      if (tableBytes > GRANTED + 2 * taken) {
        throw new StreamException.LimitExceeded(
            "spooled pages scattered over too much RAM", 0, "page spool");
      }
      chunk = arena.allocate(CHUNK_BYTES);
      chunks[index] = chunk;
    }
    int at = (int) (page % CHUNK_PAGES);
    int shift = at % PAGES_PER_BYTE * 2;
    int four = chunk.get(ValueLayout.JAVA_BYTE, at / PAGES_PER_BYTE);
    chunk.set(
        ValueLayout.JAVA_BYTE,
        at / PAGES_PER_BYTE,
        (byte) ((four & ~(3 << shift)) | (kind << shift)));
  }

  private static PageKind kindOf(int kind) {
    return switch (kind) {
      case DATA -> PageKind.DATA;
      case ZERO -> PageKind.ZERO;
      default -> PageKind.MISSING;
    };
  }

  private void write(long page) throws IOException {
    ByteBuffer from = scratchBuffer.clear();
    try {
      while (from.hasRemaining()) {
        file.write(from, page * pageSize + from.position());
      }
    } catch (IOException e) {
      throw UnnamedFile.full(folder, e);
    }
  }

  private void read(long page, ByteBuffer into) throws IOException {
    int start = into.position();
    while (into.hasRemaining()) {
      if (file.read(into, page * pageSize + into.position() - start) < 0) {
        throw new FileSystemException(folder.toString(), null, "spooled pages have been cut");
      }
    }
  }

  /// Gives back file and memory; a second time does nothing.
  @Override
  public void close() throws IOException {
    if (arena.scope().isAlive()) {
      try (file) {
        arena.close();
      }
    }
  }
}
