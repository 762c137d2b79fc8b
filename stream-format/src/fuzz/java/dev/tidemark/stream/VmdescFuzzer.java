// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tidemark.stream.hostile.Judge;
import dev.tidemark.stream.hostile.Seeds;
import dev.tidemark.stream.hostile.VmdescSubject;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/// Anything as vmdesc, with device sections behind its first NUL byte.
class VmdescFuzzer {
  static Stream<byte[]> seeds() {
    return Seeds.vmdescs().stream();
  }

  @MethodSource("seeds")
  @DictionaryEntries({
    "\"page_size\":",
    "\"devices\":[",
    "\"name\":",
    "\"instance_id\":",
    "\"vmsd_name\":",
    "\"version\":",
    "\"fields\":[",
    "\"subsections\":[",
    "\"array_len\":",
    "\"index\":",
    "\"type\":",
    "\"struct\":{",
    "\"size\":",
    "9223372036854775807",
    "-1",
    "4294967296"
  })
  @FuzzTest
  void anyBytes(byte[] bytes) {
    Judge.reads(VmdescSubject.VMDESC, bytes, bytes.length);
  }
}
