// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tidemark.stream.hostile.Judge;
import dev.tidemark.stream.hostile.MultifdSubject;
import dev.tidemark.stream.hostile.Seeds;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/// Anything as the connections of a multifd migration: channels, and a main stream behind them.
class MultifdFuzzer {
  static Stream<byte[]> seeds() {
    return Seeds.connections().stream();
  }

  @MethodSource("seeds")
  @DictionaryEntries({
    "\\x11\\x22\\x33\\x44\\x00\\x00\\x00\\x01",
    "QEVM\\x00\\x00\\x00\\x03",
    "\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00",
    "\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x10",
    "\\x00\\x00\\x00\\x01",
    "\\x00\\x00\\x00\\x02",
    "\\x00\\x00\\x00\\x04",
    "\\x00\\x00\\x00\\x08",
    "\\x00\\x00\\x00\\x10",
    "\\x00\\x00\\x00\\x20",
    "\\x00\\x00\\x00\\x40",
    "\\x28\\xb5\\x2f\\xfd",
    "\\x78\\x9c"
  })
  @FuzzTest
  void anyBytes(byte[] bytes) {
    for (MultifdSubject subject : MultifdSubject.values()) {
      Judge.reads(subject, bytes, bytes.length);
    }
  }
}
