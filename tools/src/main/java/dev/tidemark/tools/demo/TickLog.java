// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// When ticks arrived; of the last 262 144 of them. Guarded by its owner.
final class TickLog {
  private static final int MOST = 1 << 18;

  private final int tickMillis;
  private long[] arrivals = new long[1024];
  private long[] numbers = new long[1024];
  private long count;
  private long jumps;
  private GuestLine.@Nullable Tick first;
  private GuestLine.@Nullable Tick last;

  TickLog(int tickMillis) {
    this.tickMillis = tickMillis;
  }

  void add(GuestLine.Tick tick, long nanos) {
    if (first == null) {
      first = tick;
    }
    if (last != null && tick.number() != last.number() + tickMillis) {
      jumps++;
    }
    last = tick;
    if (count == arrivals.length && count < MOST) {
      arrivals = Arrays.copyOf(arrivals, arrivals.length * 2);
      numbers = Arrays.copyOf(numbers, numbers.length * 2);
    }
    arrivals[slot(count)] = nanos;
    numbers[slot(count)] = tick.number();
    count++;
  }

  private int slot(long index) {
    return (int) (index & (arrivals.length - 1));
  }

  Optional<GuestLine.Tick> first() {
    return Optional.ofNullable(first);
  }

  Optional<GuestLine.Tick> last() {
    return Optional.ofNullable(last);
  }

  OptionalLong lastNanos() {
    return count == 0 ? OptionalLong.empty() : OptionalLong.of(arrivals[slot(count - 1)]);
  }

  long count() {
    return count;
  }

  long jumps() {
    return jumps;
  }

  Optional<TickGap> longestGap(long fromNanos, long toNanos) {
    long longest = -1;
    long at = 0;
    for (long i = Math.max(1, count - arrivals.length + 1); i < count; i++) {
      long start = arrivals[slot(i - 1)];
      long end = arrivals[slot(i)];
      boolean overlaps = end - fromNanos > 0 && start - toNanos < 0;
      if (overlaps && end - start > longest) {
        longest = end - start;
        at = i;
      }
    }
    return longest < 0
        ? Optional.empty()
        : Optional.of(
            new TickGap(
                Duration.ofNanos(longest),
                arrivals[slot(at - 1)],
                numbers[slot(at - 1)],
                numbers[slot(at)]));
  }
}
