// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tidemark.stream.hostile.Judge;
import dev.tidemark.stream.hostile.ReturnPathSubject;
import dev.tidemark.stream.hostile.Seeds;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/// Anything as a return path.
class ReturnPathFuzzer {
  static Stream<byte[]> seeds() {
    return Seeds.returnPaths().stream();
  }

  @MethodSource("seeds")
  @DictionaryEntries({
    "\\x00\\x01\\x00\\x04",
    "\\x00\\x02\\x00\\x04",
    "\\x00\\x03",
    "\\x00\\x04\\x00\\x0c",
    "\\x00\\x05\\x00\\x02",
    "\\x00\\x06\\x00\\x04",
    "\\x00\\x07\\x00\\x00",
    "\\x01\\x23\\x45\\x67\\x89\\xab\\xcd\\xef",
    "\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x08",
    "\\x7f\\xff\\xff\\xff\\xff\\xff\\xff\\xf8"
  })
  @FuzzTest
  void anyBytes(byte[] bytes) {
    for (ReturnPathSubject subject : ReturnPathSubject.values()) {
      Judge.reads(subject, bytes, bytes.length);
    }
  }
}
