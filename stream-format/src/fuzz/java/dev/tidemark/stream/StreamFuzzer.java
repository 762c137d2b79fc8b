// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tidemark.stream.hostile.Judge;
import dev.tidemark.stream.hostile.Seeds;
import dev.tidemark.stream.hostile.StreamSubject;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/// Anything as a migration stream, read in every way.
class StreamFuzzer {
  static Stream<byte[]> seeds() {
    return Stream.of(Seeds.streams(), Seeds.early(), Seeds.byHand()).flatMap(List::stream);
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
    "\\x08\\x00\\x08\\x00\\x00",
    "\\x08\\x00\\x03\\x00\\x10",
    "\\x0cdirty-bitmap\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01",
    "\\x0aspapr/htab\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01",
    "\\x17s390-storage_attributes\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00",
    "\\x05/vfio\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01",
    "\\xff\\xff\\xff\\xff\\xef\\x10\\x00\\x01",
    "\\xff\\xff\\xff\\xff\\xef\\x10\\x00\\x04",
    "\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x60\\x01",
    "\\x00\\x00\\x00\\x00\\x00\\x00\\x01\\x20",
    "virtio-mem-device-early",
    "\\x00\\x06\\x00\\x00\\x00\\x02{}"
  })
  @FuzzTest
  void anyBytes(byte[] bytes) {
    for (StreamSubject subject : StreamSubject.values()) {
      Judge.reads(subject, bytes, bytes.length);
    }
  }
}
