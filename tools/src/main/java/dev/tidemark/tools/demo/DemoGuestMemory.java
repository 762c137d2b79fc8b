// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.OptionalLong;

/// What every page of a demo guest's memory must hold.
///
/// In a VM that was stopped during walk n, the working set's pages below some address hold walk n,
/// those above it walk n-1, and the one at it may hold part of each.
///
/// Format: `src/main/guest/README.md`, "Memory".
public final class DemoGuestMemory {
  /// Bytes of a page.
  public static final int PAGE_SIZE = 4096;

  /// Words of a page.
  public static final int WORDS = PAGE_SIZE / Long.BYTES;

  private static final long PAGE_NUMBERS = (1L << 24) - 1;

  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final GuestLine.Hello hello;

  /// The memory of one guest.
  ///
  /// @param hello what the guest said at its start
  public DemoGuestMemory(GuestLine.Hello hello) {
    this.hello = hello;
  }

  /// The class of a page.
  ///
  /// @param address guest-physical, a multiple of [#PAGE_SIZE]
  /// @return absent where nobody checks: the firmware's memory, the guest's own image, no RAM
  public Optional<PageClass> pageClass(long address) {
    boolean mapped = false;
    for (AddressRange range : hello.map()) {
      mapped |= range.contains(address);
    }
    if (!mapped) {
      return Optional.empty();
    }
    if (hello.dirty().contains(address)) {
      return Optional.of(PageClass.DIRTY);
    }
    return Optional.of((address / PAGE_SIZE) % 8 == 5 ? PageClass.ZERO : PageClass.STATIC);
  }

  /// The first word of a data page.
  ///
  /// @param address the page's address
  /// @param walk the walk that wrote it; 0: the initial fill
  public static long seed(long address, long walk) {
    long z = walk << 24 | address >>> 12;
    z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }

  /// Which walk wrote a data page, as its first word tells: [#seed] the other way round.
  ///
  /// @param address the page's address
  /// @param firstWord its first word
  /// @return absent if no walk writes that word there
  public static OptionalLong walkOf(long address, long firstWord) {
    long z = firstWord ^ firstWord >>> 31 ^ firstWord >>> 62;
    z *= 0x319642b2d24d8ec3L;
    z = z ^ z >>> 27 ^ z >>> 54;
    z *= 0x96de1b173f119089L;
    z = z ^ z >>> 30 ^ z >>> 60;
    return (z & PAGE_NUMBERS) == address >>> 12 ? OptionalLong.of(z >>> 24) : OptionalLong.empty();
  }

  /// The first word of a page.
  ///
  /// @param page its content
  public static long firstWord(MemorySegment page) {
    return page.get(WORD, 0);
  }

  /// A word of a data page.
  ///
  /// @param address the page's address
  /// @param walk the walk that wrote it; 0: the initial fill
  /// @param index which word, 0 to 511
  public long word(long address, long walk, int index) {
    return word(seed(address, walk), index);
  }

  private long word(long seed, int index) {
    long noise = seed + index * 0x9e3779b97f4a7c15L;
    return switch (hello.fill()) {
      case RANDOM -> noise;
      case HALF -> index < 256 ? noise : seed;
      case ZERO -> index < 16 || index >= 496 ? noise : 0;
    };
  }

  /// Writes what a data page holds.
  ///
  /// @param address the page's address
  /// @param walk the walk that wrote it
  /// @param target takes the words
  /// @param firstWord the first word to write, 0 to 512
  /// @param endWord the word behind the last one to write, at most 512
  public void fill(long address, long walk, MemorySegment target, int firstWord, int endWord) {
    long seed = seed(address, walk);
    for (int i = firstWord; i < endWord; i++) {
      target.set(WORD, (long) i * Long.BYTES, word(seed, i));
    }
  }

  /// Whether a data page holds what a walk wrote, all of it.
  ///
  /// @param address the page's address
  /// @param walk the walk
  /// @param page its content
  public boolean holds(long address, long walk, MemorySegment page) {
    return wordsHeld(address, walk, page) == WORDS;
  }

  /// How many words from its start on a data page holds of what a walk wrote.
  ///
  /// @param address the page's address
  /// @param walk the walk
  /// @param page its content
  /// @return 0 to 512
  public int wordsHeld(long address, long walk, MemorySegment page) {
    long seed = seed(address, walk);
    int held = 0;
    while (held < WORDS && page.get(WORD, (long) held * Long.BYTES) == word(seed, held)) {
      held++;
    }
    return held;
  }

  /// Whether a page is all zeroes.
  ///
  /// @param page its content
  public static boolean isZero(MemorySegment page) {
    for (long at = 0; at < PAGE_SIZE; at += Long.BYTES) {
      if (page.get(WORD, at) != 0) {
        return false;
      }
    }
    return true;
  }

  /// What the guest said at its start.
  public GuestLine.Hello hello() {
    return hello;
  }
}
