// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DemoGuestMemoryTest {
  private static final long LAST_PAGE = (1L << 24) - 1;

  /// As guests wrote it on QEMU 10.0.2: what is the same in all of them is added.
  private static GuestLine.Hello hello(String sizes, String map) {
    String text =
        "tidemark-guest 1 "
            + sizes
            + " image=100000-10c000 ws=67108864 rate=0 fill=random tick=0 check=on halt=off map="
            + map;
    return (GuestLine.Hello) GuestLine.parse(text);
  }

  static final List<GuestLine.Hello> HELLOS =
      List.of(
          (GuestLine.Hello) GuestLine.parse(GuestLineTest.HELLO),
          // q35 -m 3G
          hello(
              "ram=3220700160 pages=786132 dirty=1000000-5000000 static=673529 zero=96219",
              "10c000-7ffe0000,100000000-140000000"),
          // pc -m 3584M
          hello(
              "ram=3757571072 pages=917204 dirty=1000000-5000000 static=788217 zero=112603",
              "10c000-bffe0000,100000000-120000000"),
          // pc -m 6G
          hello(
              "ram=6441925632 pages=1572562 dirty=100000000-104000000 static=1361656 zero=194522",
              "10e000-bffe0000,100000000-1c0000000"),
          // q35 -m 6G
          hello(
              "ram=6441925632 pages=1572561 dirty=100000000-104000000 static=1361655 zero=194522",
              "10f000-7ffe0000,100000000-200000000"));

  @Test
  void theClassesHaveAsManyPagesAsTheGuestCounts() {
    for (GuestLine.Hello hello : HELLOS) {
      DemoGuestMemory memory = new DemoGuestMemory(hello);
      Map<PageClass, Long> counts = new EnumMap<>(PageClass.class);
      for (AddressRange range : hello.map()) {
        for (long at = range.start(); at < range.end(); at += DemoGuestMemory.PAGE_SIZE) {
          counts.merge(memory.pageClass(at).orElseThrow(), 1L, Long::sum);
        }
      }
      assertThat(counts)
          .as(hello.toString())
          .containsEntry(PageClass.DIRTY, hello.workingSetBytes() / DemoGuestMemory.PAGE_SIZE)
          .containsEntry(PageClass.STATIC, hello.staticPages())
          .containsEntry(PageClass.ZERO, hello.zeroPages());
      assertThat(counts.values().stream().mapToLong(Long::longValue).sum())
          .isEqualTo(hello.pages());
    }
  }

  @Test
  void theClassesEndWhereTheyShould() {
    DemoGuestMemory memory = new DemoGuestMemory(HELLOS.getFirst());
    assertThat(memory.pageClass(0)).isEmpty();
    assertThat(memory.pageClass(0x107000)).isEmpty();
    assertThat(memory.pageClass(0x108000)).contains(PageClass.STATIC);
    assertThat(memory.pageClass(0x10d000)).contains(PageClass.ZERO);
    assertThat(memory.pageClass(0xffd000)).contains(PageClass.ZERO);
    assertThat(memory.pageClass(0xfff000)).contains(PageClass.STATIC);
    assertThat(memory.pageClass(0x1000000)).contains(PageClass.DIRTY);
    assertThat(memory.pageClass(0x1005000)).contains(PageClass.DIRTY);
    assertThat(memory.pageClass(0x8fff000)).contains(PageClass.DIRTY);
    assertThat(memory.pageClass(0x9000000)).contains(PageClass.STATIC);
    assertThat(memory.pageClass(0x1ffdf000)).contains(PageClass.STATIC);
    assertThat(memory.pageClass(0x1ffe0000)).isEmpty();
  }

  @Test
  void aHoleBelowFourGibibytesIsOfNoClass() {
    DemoGuestMemory memory = new DemoGuestMemory(HELLOS.getLast());
    assertThat(memory.pageClass(0x7ffdf000L)).contains(PageClass.STATIC);
    assertThat(memory.pageClass(0x7ffe0000L)).isEmpty();
    assertThat(memory.pageClass(0xfffff000L)).isEmpty();
    assertThat(memory.pageClass(0x1_0000_0000L)).contains(PageClass.DIRTY);
    assertThat(memory.pageClass(0x1_03ff_f000L)).contains(PageClass.DIRTY);
    assertThat(memory.pageClass(0x1_0400_0000L)).contains(PageClass.STATIC);
    assertThat(memory.pageClass(0x1_0400_5000L)).contains(PageClass.ZERO);
    assertThat(memory.pageClass(0x2_0000_0000L)).isEmpty();
  }

  @Test
  void wordsAreThoseOfTheFormulas() {
    // By hand: the finaliser of SplitMix64 applied to 0x0300001234, then steps of the golden ratio.
    long z = 0x0300001234L;
    z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    long seed = z ^ z >>> 31;
    long address = 0x1234000;
    assertThat(DemoGuestMemory.seed(address, 3 << 8)).isEqualTo(seed);
    assertThat(memory("random").word(address, 3 << 8, 0)).isEqualTo(seed);
    assertThat(memory("random").word(address, 3 << 8, 2)).isEqualTo(seed + 0x3c6ef372fe94f82aL);
    assertThat(memory("half").word(address, 3 << 8, 255)).isEqualTo(goldenSteps(seed, 255));
    assertThat(memory("half").word(address, 3 << 8, 256)).isEqualTo(seed);
    assertThat(memory("zero").word(address, 3 << 8, 15)).isEqualTo(goldenSteps(seed, 15));
    assertThat(memory("zero").word(address, 3 << 8, 16)).isZero();
    assertThat(memory("zero").word(address, 3 << 8, 495)).isZero();
    assertThat(memory("zero").word(address, 3 << 8, 496)).isEqualTo(goldenSteps(seed, 496));
  }

  private static long goldenSteps(long seed, long steps) {
    return seed + steps * 0x9e3779b97f4a7c15L;
  }

  private static DemoGuestMemory memory(String fill) {
    return new DemoGuestMemory(
        (GuestLine.Hello)
            GuestLine.parse(GuestLineTest.HELLO.replace("fill=random", "fill=" + fill)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"random", "half", "zero"})
  void aPageHoldsWhatItWasFilledWithAndNothingElse(String fill) {
    DemoGuestMemory memory = memory(fill);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(DemoGuestMemory.PAGE_SIZE);
      assertThat(DemoGuestMemory.isZero(page)).isTrue();
      memory.fill(0x1234000, 7, page, 0, DemoGuestMemory.WORDS);
      assertThat(DemoGuestMemory.isZero(page)).isFalse();
      assertThat(memory.holds(0x1234000, 7, page)).isTrue();
      assertThat(memory.holds(0x1234000, 6, page)).isFalse();
      assertThat(memory.holds(0x1235000, 7, page)).isFalse();
      memory.fill(0x1234000, 8, page, 0, 10);
      assertThat(memory.wordsHeld(0x1234000, 8, page)).isEqualTo(10);
    }
  }

  @Property
  void aPagesFirstWordTellsItsWalk(
      @ForAll @LongRange(max = LAST_PAGE) long page,
      @ForAll @LongRange(max = (1L << 40) - 1) long walk) {
    long word = DemoGuestMemory.seed(page << 12, walk);
    assertThat(DemoGuestMemory.walkOf(page << 12, word)).isEqualTo(OptionalLong.of(walk));
    assertThat(DemoGuestMemory.walkOf((page ^ 1) << 12, word)).isEmpty();
  }
}
