// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantityTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "1023, 1023 B",
    "1024, 1.0 KiB",
    "1048575, 1.0 MiB",
    "536870912, 512.0 MiB",
    "9223372036854775807, 8.0 EiB"
  })
  void sizes(long bytes, String text) {
    assertThat(Quantity.size(bytes)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 ms",
    "840000, 0.84 ms",
    "8400000, 8.4 ms",
    "99960000, 100 ms",
    "312000000, 312 ms",
    "4710000000, 4.71 s",
    "200000000000, 3 min 20 s",
    "7260000000000, 2 h 1 min"
  })
  void durations(long nanos, String text) {
    assertThat(Quantity.duration(Duration.ofNanos(nanos))).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "17, 17", "8M, 8388608", "8MiB, 8388608", "2g, 2147483648", "50 K, 51200"})
  void sizesAreRead(String text, long bytes) {
    assertThat(Quantity.parseSize(text.replace(" ", ""))).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "M", "-1", "+1", "1.5G", "8X", "1iB", "9000P9", "99999999999E", "B"})
  void sizesThatAreNone(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Quantity.parseSize(text));
  }

  @ParameterizedTest
  @CsvSource({"10ms, 10000", "2s, 2000000", "1.5s, 1500000", "3m, 180000000", "250us, 250"})
  void durationsAreRead(String text, long micros) {
    assertThat(Quantity.parseDuration(text)).isEqualTo(Duration.ofNanos(micros * 1000));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5", "ms", "-1s", "1e3s", "1 fortnight", "..s", "1.s"})
  void durationsThatAreNone(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Quantity.parseDuration(text));
  }
}
