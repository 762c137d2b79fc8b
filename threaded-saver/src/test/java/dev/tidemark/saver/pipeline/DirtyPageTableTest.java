// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class DirtyPageTableTest {
  private static final int PAGE = 64;

  @Property(tries = 400)
  void holdsTheNewestVersionOfEveryPage(@ForAll("schedules") List<Step> schedule) {
    try (DirtyPageTable table = new DirtyPageTable(PAGE, 24 * PAGE, 8 * PAGE)) {
      Map<Long, Long> model = new TreeMap<>();
      Map<Long, Long> drained = new TreeMap<>();
      long version = 0;
      for (Step step : schedule) {
        version++;
        switch (step) {
          case Put(int block, int page) -> {
            if (!table.put(block, (long) page * PAGE, contents(version), 0, false)) {
              assertThat(pagesWithContent(model)).as("refused only when full").isEqualTo(16);
              assertThat(model.getOrDefault(key(block, page), 0L)).isZero();
              continue;
            }
            model.put(key(block, page), version);
          }
          case PutZero(int block, int page) -> {
            if (!table.putZero(block, (long) page * PAGE)) {
              continue;
            }
            model.put(key(block, page), 0L);
          }
          case Drain(int most) -> {
            List<Long> order = new ArrayList<>();
            boolean all = table.drainTo(new Collector(most, order, drained));
            assertThat(all).isEqualTo(model.size() <= most);
            assertThat(order).isSorted();
            assertThat(order).isEqualTo(model.keySet().stream().limit(most).toList());
            for (long key : order) {
              assertThat(drained.get(key)).isEqualTo(model.remove(key));
            }
          }
        }
        assertThat(table.size()).isEqualTo(model.size());
      }
      table.drainTo(new Collector(Integer.MAX_VALUE, new ArrayList<>(), drained));
      model.forEach((key, value) -> assertThat(drained.get(key)).isEqualTo(value));
      assertThat(table.size()).isZero();
    }
  }

  @Test
  void reserveIsKeptForTheLastIteration() {
    try (DirtyPageTable table = new DirtyPageTable(PAGE, 10 * PAGE, 4 * PAGE)) {
      int taken = 0;
      while (table.put(0, (long) taken * PAGE, contents(1), 0, false)) {
        taken++;
      }
      assertThat(taken).isEqualTo(6);
      while (table.put(0, (long) taken * PAGE, contents(1), 0, true)) {
        taken++;
      }
      assertThat(taken).isEqualTo(10);
    }
  }

  @Test
  void aKnownPageIsReplacedEvenWhenFull() {
    try (DirtyPageTable table = new DirtyPageTable(PAGE, 8 * PAGE, 4 * PAGE)) {
      for (int i = 0; i < 4; i++) {
        assertThat(table.put(0, (long) i * PAGE, contents(1), 0, false)).isTrue();
      }
      assertThat(table.put(0, 4L * PAGE, contents(1), 0, false)).isFalse();
      assertThat(table.put(0, 2L * PAGE, contents(2), 0, false)).isTrue();
    }
  }

  @Test
  void aZeroPageGivesItsSlotBack() {
    try (DirtyPageTable table = new DirtyPageTable(PAGE, 8 * PAGE, 4 * PAGE)) {
      for (int round = 0; round < 100; round++) {
        assertThat(table.put(0, 0, contents(round), 0, false)).isTrue();
        assertThat(table.putZero(0, 0)).isTrue();
      }
      assertThat(table.size()).isEqualTo(1);
    }
  }

  @Test
  void aSinkThatThrowsLosesNothingItHadNotTaken() {
    try (DirtyPageTable table = new DirtyPageTable(PAGE, 8 * PAGE, 0)) {
      table.put(0, 0, contents(1), 0, false);
      table.put(0, PAGE, contents(2), 0, false);
      assertThatThrownBy(() -> table.drainTo(new ThrowingSink()))
          .isInstanceOf(IllegalStateException.class);
      assertThat(table.size()).isEqualTo(2);
    }
  }

  private static long pagesWithContent(Map<Long, Long> model) {
    return model.values().stream().filter(v -> v != 0).count();
  }

  private static long key(int block, int page) {
    return ((long) block << 48) | page;
  }

  private static MemorySegment contents(long version) {
    long[] words = new long[PAGE / Long.BYTES];
    for (int i = 0; i < words.length; i++) {
      words[i] = version * 1000 + i;
    }
    return MemorySegment.ofArray(words);
  }

  @Provide
  Arbitrary<List<Step>> schedules() {
    Arbitrary<Integer> block = Arbitraries.integers().between(0, 3);
    Arbitrary<Integer> page = Arbitraries.integers().between(0, 11);
    Arbitrary<Step> put = Combinators.combine(block, page).as(Put::new);
    Arbitrary<Step> zero = Combinators.combine(block, page).as(PutZero::new);
    Arbitrary<Step> drain = Arbitraries.integers().between(0, 30).map(Drain::new);
    return Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(20, put),
            net.jqwik.api.Tuple.of(6, zero),
            net.jqwik.api.Tuple.of(1, drain))
        .list()
        .ofMaxSize(200);
  }

  /// One step of a schedule of re-sent pages.
  sealed interface Step {}

  record Put(int block, int page) implements Step {}

  record PutZero(int block, int page) implements Step {}

  record Drain(int most) implements Step {}

  /// Takes so many pages, and checks that each is one whole version.
  private record Collector(int most, List<Long> order, Map<Long, Long> drained)
      implements DirtyPageTable.Sink<RuntimeException> {
    @Override
    public boolean page(int block, long pageOffset, MemorySegment window, long windowOffset) {
      long first = window.get(ValueLayout.JAVA_LONG_UNALIGNED, windowOffset);
      for (int i = 0; i < PAGE / Long.BYTES; i++) {
        assertThat(window.get(ValueLayout.JAVA_LONG_UNALIGNED, windowOffset + i * 8L))
            .isEqualTo(first + i);
      }
      return take(block, pageOffset, first / 1000);
    }

    @Override
    public boolean zeroPage(int block, long pageOffset) {
      return take(block, pageOffset, 0);
    }

    private boolean take(int block, long pageOffset, long version) {
      if (order.size() == most) {
        return false;
      }
      long key = key(block, (int) (pageOffset / PAGE));
      order.add(key);
      drained.put(key, version);
      return true;
    }
  }

  private static final class ThrowingSink implements DirtyPageTable.Sink<IllegalStateException> {
    @Override
    public boolean page(int block, long pageOffset, MemorySegment window, long windowOffset) {
      throw new IllegalStateException("full");
    }

    @Override
    public boolean zeroPage(int block, long pageOffset) {
      throw new IllegalStateException("full");
    }
  }
}
