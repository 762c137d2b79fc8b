// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tidemark.stream.hostile.Judge;
import dev.tidemark.stream.hostile.Seeds;
import dev.tidemark.stream.hostile.StreamSubject;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/// Anything as a migration stream, read in every way.
class StreamFuzzer {
  static Stream<byte[]> seeds() {
    return Stream.concat(Seeds.streams().stream(), Seeds.byHand().stream());
  }

  @MethodSource("seeds")
  @DictionaryEntries({
    "QEVM\\x00\\x00\\x00\\x03",
    "\\x05\\x1econfiguration/target-page-bits\\x00\\x00\\x00\\x01",
    "\\x05\\x1aconfiguration/capabilities\\x00\\x00\\x00\\x01",
    "\\x05\\x12configuration/uuid\\x00\\x00\\x00\\x01",
    "\\x0fx-ignore-shared",
    "\\x0amapped-ram",
    "\\x03ram\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x04",
    "\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x10",
    "\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x22\\x00",
    "\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00",
    "\\x7e\\x00\\x00\\x00\\x02",
    "\\x08\\x00\\x0b\\x00\\x00",
    "\\x08\\x00\\x07\\x00\\x04",
    "\\x00\\x06\\x00\\x00\\x00\\x02{}"
  })
  @FuzzTest
  void anyBytes(byte[] bytes) {
    for (StreamSubject subject : StreamSubject.values()) {
      Judge.reads(subject, bytes, bytes.length);
    }
  }
}
