// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalLong;

/// The main RAM of a checkpoint of a demo VM, compared with what the guest says it must hold. For
/// VMs whose RAM is all below 4 GiB and in one piece: there, offsets in `pc.ram` are addresses.
final class CheckpointModel implements AutoCloseable {
  static final String BLOCK = "pc.ram";
  private static final int PAGE = DemoGuestMemory.PAGE_SIZE;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment ram;
  private final BitSet seen = new BitSet();
  private final BitSet zero = new BitSet();
  private final DemoGuestMemory memory;
  private final long walk;
  private long cursor;

  /// Reads all of the main RAM.
  CheckpointModel(Checkpoint checkpoint, GuestLine.Hello hello) throws IOException {
    memory = new DemoGuestMemory(hello);
    RamBlock block =
        checkpoint.ramBlocks().stream()
            .filter(b -> b.idstr().equals(BLOCK))
            .findFirst()
            .orElseThrow();
    ram = arena.allocate(block.usedLength(), PAGE);
    try (CheckpointStream stream = checkpoint.stream()) {
      stream.forEachPage(new Copy());
    }
    walk = newestWalk();
    cursor = hello.dirty().end();
  }

  private final class Copy implements PageVisitor {
    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      if (block.idstr().equals(BLOCK)) {
        MemorySegment.copy(window, windowOffset, ram, pageOffset, PAGE);
        seen.set((int) (pageOffset / PAGE));
        zero.clear((int) (pageOffset / PAGE));
      }
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {
      if (block.idstr().equals(BLOCK)) {
        ram.asSlice(pageOffset, PAGE).fill((byte) 0);
        seen.set((int) (pageOffset / PAGE));
        zero.set((int) (pageOffset / PAGE));
      }
    }
  }

  private long newestWalk() {
    long newest = 0;
    AddressRange dirty = memory.hello().dirty();
    for (long at = dirty.start(); at < dirty.end(); at += PAGE) {
      OptionalLong written = DemoGuestMemory.walkOf(at, DemoGuestMemory.firstWord(page(at)));
      newest = Math.max(newest, written.orElse(0));
    }
    return newest;
  }

  /// A page's content.
  MemorySegment page(long address) {
    return ram.asSlice(address, PAGE);
  }

  /// The walk that the guest was in, or had just ended.
  long walk() {
    return walk;
  }

  /// The page at which the guest was in that walk; only after [#problems]. Those below hold that
  /// walk, those above the one before.
  long cursor() {
    return cursor;
  }

  DemoGuestMemory memory() {
    return memory;
  }

  /// Whether the checkpoint records a page as a zero page, without bytes.
  boolean isZeroPage(long address) {
    return zero.get((int) (address / PAGE));
  }

  /// All pages of all classes that do not hold what they must.
  List<String> problems() {
    List<String> problems = new ArrayList<>();
    cursor = memory.hello().dirty().end();
    for (AddressRange range : memory.hello().map()) {
      for (long at = range.start(); at < range.end(); at += PAGE) {
        if (!seen.get((int) (at / PAGE))) {
          problems.add("%x is missing".formatted(at));
        } else if (!isAsItMust(at)) {
          problems.add(describe(at));
        }
      }
    }
    return problems;
  }

  private boolean isAsItMust(long at) {
    MemorySegment page = page(at);
    return switch (memory.pageClass(at).orElseThrow()) {
      case ZERO -> DemoGuestMemory.isZero(page);
      case STATIC -> memory.holds(at, 0, page);
      case DIRTY -> at > cursor ? memory.holds(at, walk - 1, page) : isAtOrBelowCursor(at, page);
    };
  }

  /// The first page that is not all of the newest walk is the one that the guest was at.
  private boolean isAtOrBelowCursor(long at, MemorySegment page) {
    int newest = memory.wordsHeld(at, walk, page);
    if (newest == DemoGuestMemory.WORDS) {
      return true;
    }
    cursor = at;
    try (Arena confined = Arena.ofConfined()) {
      MemorySegment torn = confined.allocate(PAGE);
      memory.fill(at, walk, torn, 0, newest);
      memory.fill(at, walk - 1, torn, newest, DemoGuestMemory.WORDS);
      return page.mismatch(torn) < 0;
    }
  }

  private String describe(long at) {
    MemorySegment page = page(at);
    OptionalLong written = DemoGuestMemory.walkOf(at, DemoGuestMemory.firstWord(page));
    return "%x (%s) begins with %x, %s; the walk is %d, the cursor %x"
        .formatted(
            at,
            memory.pageClass(at).orElseThrow(),
            DemoGuestMemory.firstWord(page),
            written.isPresent() ? "of walk " + written.getAsLong() : "of no walk",
            walk,
            cursor);
  }

  @Override
  public void close() {
    arena.close();
  }
}
