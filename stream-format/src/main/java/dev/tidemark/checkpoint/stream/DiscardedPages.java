// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.stream;

import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.command.MigrationCommand;
import dev.tidemark.stream.command.MigrationCommand.PostcopyRamDiscard;
import dev.tidemark.stream.command.MigrationCommand.Range;
import dev.tidemark.stream.ram.RamBlock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The pages that postcopy has discarded and not sent again yet: what came of them before is out of
/// date.
///
/// A source sends each of them again before EOF, so that at the end there are none; if there are,
/// they went over another channel. One bit a page, in chunks that are allocated when first needed.
final class DiscardedPages {
  private static final String CONTEXT = "RAM_DISCARD";

  private static final int CHUNK_PAGES = 1 << 18;
  private static final long CHUNK_BYTES = CHUNK_PAGES / 8;

  /// Most bytes of bits: enough for 2 TiB in pages of 4 KiB.
  private static final long MOST_BYTES = 64L << 20;

  private final List<RamBlock> blocks;
  private final int pageSize;

  /// For each block, its first chunk in [#chunks]; behind the last, how many there are.
  private final long[] firstChunks;

  private @Nullable MemorySegment[] chunks = {};
  private final Arena arena = Arena.ofAuto();
  private long bytes;
  private long mayDiscard;
  private long remaining;
  private long firstDiscard = -1;

  DiscardedPages(List<RamBlock> blocks, int pageSize) {
    this.blocks = blocks;
    this.pageSize = pageSize;
    firstChunks = new long[blocks.size() + 1];
    for (RamBlock block : blocks) {
      long count = (block.usedLength() / pageSize + CHUNK_PAGES - 1) / CHUNK_PAGES;
      firstChunks[block.index() + 1] = firstChunks[block.index()] + count;
      // A source discards a page once.
      mayDiscard += 2 * (block.usedLength() / pageSize);
    }
  }

  /// Takes a command, if it is one that discards pages.
  void take(Command command) throws StreamException {
    if (command.command() != Command.POSTCOPY_RAM_DISCARD
        || !(MigrationCommand.decode(command) instanceof PostcopyRamDiscard discard)) {
      return;
    }
    long at = command.streamOffset();
    RamBlock block =
        blocks.stream()
            .filter(b -> b.idstr().equals(discard.block()))
            .findFirst()
            .orElseThrow(
                () -> new StreamException.Malformed("discards pages of no RAM block", at, CONTEXT));
    for (Range range : discard.ranges()) {
      if (range.start() < 0
          || range.length() <= 0
          || range.start() % pageSize != 0
          || range.length() % pageSize != 0
          || range.start() > block.usedLength() - range.length()) {
        throw new StreamException.Malformed(
            "range 0x"
                + Long.toHexString(range.start())
                + " + 0x"
                + Long.toHexString(range.length())
                + " of a RAM block of 0x"
                + Long.toHexString(block.usedLength())
                + " bytes",
            at,
            CONTEXT);
      }
      long pages = range.length() / pageSize;
      mayDiscard -= pages;
      if (mayDiscard < 0) {
        throw new StreamException.LimitExceeded("pages discarded again and again", at, CONTEXT);
      }
      firstDiscard = firstDiscard < 0 ? at : firstDiscard;
      long first = range.start() / pageSize;
      for (long page = first; page < first + pages; page++) {
        set(block, page, at);
      }
    }
  }

  private void set(RamBlock block, long page, long at) throws StreamException {
    if (chunks.length == 0) {
      chunks = new MemorySegment[Math.toIntExact(firstChunks[blocks.size()])];
    }
    int index = (int) (firstChunks[block.index()] + page / CHUNK_PAGES);
    MemorySegment chunk = chunks[index];
    if (chunk == null) {
      bytes += CHUNK_BYTES;
      if (bytes > MOST_BYTES) {
        throw new StreamException.LimitExceeded("too much RAM discarded", at, CONTEXT);
      }
      chunk = arena.allocate(CHUNK_BYTES, 8);
      chunks[index] = chunk;
    }
    long word = page % CHUNK_PAGES / 64;
    long bits = chunk.getAtIndex(ValueLayout.JAVA_LONG, word);
    if ((bits >>> page & 1) == 0) {
      chunk.setAtIndex(ValueLayout.JAVA_LONG, word, bits | 1L << page);
      remaining++;
    }
  }

  /// A page has come.
  void received(RamBlock block, long pageOffset) {
    if (remaining == 0) {
      return;
    }
    long page = pageOffset / pageSize;
    MemorySegment chunk = chunks[(int) (firstChunks[block.index()] + page / CHUNK_PAGES)];
    if (chunk == null) {
      return;
    }
    long word = page % CHUNK_PAGES / 64;
    long bits = chunk.getAtIndex(ValueLayout.JAVA_LONG, word);
    if ((bits >>> page & 1) != 0) {
      chunk.setAtIndex(ValueLayout.JAVA_LONG, word, bits & ~(1L << page));
      remaining--;
    }
  }

  /// Called at the end of the stream.
  void checkAllReceived() throws StreamException {
    if (remaining > 0) {
      throw new StreamException.Unsupported(
          remaining + " discarded pages that do not come again: they went over another channel",
          firstDiscard,
          "postcopy");
    }
  }
}
