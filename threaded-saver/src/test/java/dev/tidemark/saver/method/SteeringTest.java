// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver.method;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.saver.SaveMethod;
import dev.tidemark.saver.SaveOptions;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SteeringTest {
  private static final long MILLI = 1_000_000;
  private static final long GIGABYTE = 1_000_000_000;

  @Test
  void beginsWithHalfOfThePause() {
    Steering steering = new Steering(SaveOptions.builder().maxPause(Duration.ofMillis(20)).build());
    assertThat(steering.firstLimit()).isEqualTo(10);
    assertThat(steering.bandwidth()).isZero();
  }

  @Test
  void aVeryShortPauseIsTheShortestLimitThatQemuKnows() {
    Steering steering = new Steering(SaveOptions.builder().maxPause(Duration.ofNanos(1)).build());
    assertThat(steering.firstLimit()).isEqualTo(1);
  }

  @Test
  void aSlowerStreamMayLeaveTheSameNumberOfBytes() {
    Steering steering = new Steering(SaveOptions.defaults());
    assertThat(steering.observe(100 * MILLI, GIGABYTE, 1)).isEqualTo(JsonObject.EMPTY);
    // A tenth of the rate: ten times the limit, since the guest would stand for as long.
    assertThat(steering.observe(200 * MILLI, GIGABYTE / 10, 1)).isEqualTo(limit(50));
    assertThat(steering.observe(300 * MILLI, GIGABYTE, 1)).isEqualTo(limit(5));
  }

  @Test
  void lastIterationFitsIntoTheReserve() {
    SaveOptions small = SaveOptions.builder().bufferBytes(2 << 20).build();
    Steering steering = new Steering(small);
    // 1 MiB of reserve at 1 GB/s is one millisecond.
    assertThat(steering.observe(100 * MILLI, GIGABYTE, 1)).isEqualTo(limit(1));
  }

  @Test
  void switchoverIsForcedWhenOnePassAndTheBudgetAreSpent() {
    SaveOptions options = SaveOptions.builder().maxTime(Duration.ofSeconds(2)).build();
    Steering steering = new Steering(options);
    assertThat(steering.observe(60_000 * MILLI, GIGABYTE, 1)).isEqualTo(JsonObject.EMPTY);
    assertThat(steering.observe(61_000 * MILLI, GIGABYTE, 2)).isEqualTo(JsonObject.EMPTY);
    assertThat(steering.observe(62_900 * MILLI, GIGABYTE, 5)).isEqualTo(JsonObject.EMPTY);
    assertThat(steering.isForced()).isFalse();
    assertThat(steering.observe(63_100 * MILLI, GIGABYTE, 6)).isEqualTo(limit(2_000_000));
    assertThat(steering.isForced()).isTrue();
  }

  @Test
  void budgetIsAsLongAsTheFirstPassUnlessToldOtherwise() {
    Steering steering = new Steering(SaveOptions.defaults());
    steering.observe(10_000 * MILLI, GIGABYTE, 2);
    assertThat(steering.observe(19_900 * MILLI, GIGABYTE, 9)).isEqualTo(JsonObject.EMPTY);
    assertThat(steering.observe(20_100 * MILLI, GIGABYTE, 9)).isEqualTo(limit(2_000_000));
  }

  @Test
  void stopCopyLetsQemuStopTheGuestAtOnce() {
    Steering steering = new Steering(SaveOptions.builder().method(SaveMethod.STOP_COPY).build());
    assertThat(steering.firstLimit()).isEqualTo(2_000_000);
    assertThat(steering.bandwidth()).isPositive();
    assertThat(steering.observe(400 * MILLI, 0, 1)).isEqualTo(JsonObject.EMPTY);
    assertThat(steering.observe(600 * MILLI, 0, 1)).isEqualTo(JsonObject.of("max-bandwidth", 0));
    assertThat(steering.observe(700 * MILLI, 0, 1)).isEqualTo(JsonObject.EMPTY);
  }

  private static JsonObject limit(long millis) {
    return JsonObject.of("downtime-limit", millis);
  }
}
