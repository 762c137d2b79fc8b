// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver.pipeline;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// The paper's hash table: the newest version of every page that was sent again.
///
/// A page is named by its RAM block and offset; a newer version replaces the older one in place, so
/// the table never holds more than one version of a page. Contents lie in chunks outside the heap,
/// taken as they are needed up to a fixed number of pages. The last `reservePages` of them are kept
/// for the last iteration, when the guest stands and nothing may be written to make room.
///
/// Used by one thread, the reader's. Storing a page allocates nothing once its chunk exists.
public final class DirtyPageTable implements AutoCloseable {
  /// The slot of a page that is all zeroes: it has no content.
  private static final int ZERO = -1;

  private static final long NO_KEY = -1;
  private static final int BLOCK_SHIFT = 48;
  private static final long PAGE_MASK = (1L << BLOCK_SHIFT) - 1;
  private static final long CHUNK_BYTES = 4L << 20;

  private final int pageSize;
  private final int pageShift;
  private final int capacityPages;
  private final int reservePages;
  private final int pagesPerChunk;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment[] chunks;
  private int chunksTaken;

  // Open addressing with linear probing; a power of two of entries, at most half of them used by
  // pages with content, and refused beyond three quarters in all.
  private final long[] keys;
  private final int[] slots;
  private final int mask;
  private int entries;

  private final int[] freeSlots;
  private int freeSlotCount;

  /// A table of a fixed capacity.
  ///
  /// @param pageSize target page size in bytes, a power of two
  /// @param capacityBytes how many bytes of page contents it may hold in all; at least four pages
  /// @param reserveBytes how many of these only the last iteration may use; less than the capacity
  public DirtyPageTable(int pageSize, long capacityBytes, long reserveBytes) {
    if (Integer.bitCount(pageSize) != 1) {
      throw new IllegalArgumentException("page size is no power of two: " + pageSize);
    }
    long pages = capacityBytes / pageSize;
    if (pages < 4 || pages > 1 << 28) {
      throw new IllegalArgumentException("capacity of " + pages + " pages is out of range");
    }
    this.pageSize = pageSize;
    this.pageShift = Integer.numberOfTrailingZeros(pageSize);
    this.capacityPages = (int) pages;
    this.reservePages = (int) Math.min(reserveBytes / pageSize, pages - 1);
    this.pagesPerChunk = (int) Math.max(1, CHUNK_BYTES / pageSize);
    this.chunks = new MemorySegment[(capacityPages + pagesPerChunk - 1) / pagesPerChunk];
    int size = Integer.highestOneBit(Math.max(capacityPages, 1024) * 2 - 1) * 2;
    this.keys = new long[size];
    Arrays.fill(keys, NO_KEY);
    this.slots = new int[size];
    this.mask = size - 1;
    this.freeSlots = new int[capacityPages];
    for (int i = 0; i < capacityPages; i++) {
      freeSlots[i] = capacityPages - 1 - i;
    }
    this.freeSlotCount = capacityPages;
    takeChunks((reservePages + pagesPerChunk - 1) / pagesPerChunk);
  }

  /// Stores the newest version of a page.
  ///
  /// @param block index of its RAM block
  /// @param pageOffset offset inside the block in bytes
  /// @param window where its bytes are; not kept
  /// @param windowOffset where in `window` they start
  /// @param lastIteration whether the reserve may be used
  /// @return false if there is no room; then nothing was changed
  public boolean put(
      int block, long pageOffset, MemorySegment window, long windowOffset, boolean lastIteration) {
    long key = key(block, pageOffset);
    int at = find(key);
    boolean known = keys[at] == key;
    int slot = known ? slots[at] : ZERO;
    if (slot == ZERO) {
      if (freeSlotCount <= (lastIteration ? 0 : reservePages) || (!known && crowded())) {
        return false;
      }
      slot = freeSlots[--freeSlotCount];
      enter(at, key, slot, known);
    }
    MemorySegment.copy(window, windowOffset, chunkOf(slot), offsetOf(slot), pageSize);
    return true;
  }

  /// Notes that the newest version of a page is all zeroes.
  ///
  /// @param block index of its RAM block
  /// @param pageOffset offset inside the block in bytes
  /// @return false if there is no room; then nothing was changed
  public boolean putZero(int block, long pageOffset) {
    long key = key(block, pageOffset);
    int at = find(key);
    boolean known = keys[at] == key;
    if (!known && crowded()) {
      return false;
    }
    if (known && slots[at] != ZERO) {
      freeSlots[freeSlotCount++] = slots[at];
    }
    enter(at, key, ZERO, known);
    return true;
  }

  /// How many pages it holds.
  public int size() {
    return entries;
  }

  /// Hands pages on in address order, block by block, and forgets each one that was taken.
  ///
  /// @param sink takes them
  /// @return false if the sink refused one; that one and all behind it are still here
  /// @throws X whatever the sink throws; what it took before is forgotten
  /// @param <X> what the sink may throw
  public <X extends Exception> boolean drainTo(Sink<X> sink) throws X {
    long[] order = new long[entries];
    int n = 0;
    for (long key : keys) {
      if (key != NO_KEY) {
        order[n++] = key;
      }
    }
    Arrays.sort(order);
    for (long key : order) {
      int at = find(key);
      int slot = slots[at];
      int block = (int) (key >>> BLOCK_SHIFT);
      long pageOffset = (key & PAGE_MASK) << pageShift;
      boolean taken =
          slot == ZERO
              ? sink.zeroPage(block, pageOffset)
              : sink.page(block, pageOffset, chunkOf(slot), offsetOf(slot));
      if (!taken) {
        return false;
      }
      if (slot != ZERO) {
        freeSlots[freeSlotCount++] = slot;
      }
      remove(at);
    }
    return true;
  }

  /// Gives the memory back.
  @Override
  public void close() {
    arena.close();
  }

  private static long key(int block, long pageOffset, int shift) {
    return ((long) block << BLOCK_SHIFT) | (pageOffset >>> shift);
  }

  private long key(int block, long pageOffset) {
    return key(block, pageOffset, pageShift);
  }

  private boolean crowded() {
    return entries >= keys.length - keys.length / 4;
  }

  private int home(long key) {
    long h = key * 0x9E3779B97F4A7C15L;
    return (int) (h >>> 32) & mask;
  }

  /// Where a key stands, or the free entry where it would stand.
  private int find(long key) {
    int at = home(key);
    while (keys[at] != key && keys[at] != NO_KEY) {
      at = (at + 1) & mask;
    }
    return at;
  }

  private void enter(int at, long key, int slot, boolean known) {
    keys[at] = key;
    slots[at] = slot;
    if (!known) {
      entries++;
    }
  }

  /// Removes an entry and moves up what was displaced by it, so that no marks of removal are
  /// needed.
  private void remove(int at) {
    int hole = at;
    int next = (hole + 1) & mask;
    while (keys[next] != NO_KEY) {
      int home = home(keys[next]);
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        keys[hole] = keys[next];
        slots[hole] = slots[next];
        hole = next;
      }
      next = (next + 1) & mask;
    }
    keys[hole] = NO_KEY;
    entries--;
  }

  private MemorySegment chunkOf(int slot) {
    int chunk = slot / pagesPerChunk;
    if (chunk >= chunksTaken) {
      takeChunks(chunk + 1);
    }
    return chunks[chunk];
  }

  private long offsetOf(int slot) {
    return (long) (slot % pagesPerChunk) * pageSize;
  }

  private void takeChunks(int count) {
    while (chunksTaken < count) {
      int pages = Math.min(pagesPerChunk, capacityPages - chunksTaken * pagesPerChunk);
      chunks[chunksTaken++] = arena.allocate((long) pages * pageSize, 4096);
    }
  }

  /// Takes pages out of the table.
  ///
  /// @param <X> what it may throw
  public interface Sink<X extends Exception> {
    /// A page with content.
    ///
    /// @param block index of its RAM block
    /// @param pageOffset offset inside the block in bytes
    /// @param window where its bytes are; a loan that ends when this method returns
    /// @param windowOffset where in `window` they start
    /// @return false to refuse it and stop
    /// @throws X if it cannot be taken
    boolean page(int block, long pageOffset, MemorySegment window, long windowOffset) throws X;

    /// A page that is all zeroes.
    ///
    /// @param block index of its RAM block
    /// @param pageOffset offset inside the block in bytes
    /// @return false to refuse it and stop
    /// @throws X if it cannot be taken
    boolean zeroPage(int block, long pageOffset) throws X;
  }
}
