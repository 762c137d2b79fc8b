// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.stream.hostile.Judge;
import dev.tidemark.stream.hostile.MultifdSubject;
import dev.tidemark.stream.hostile.ReturnPathSubject;
import dev.tidemark.stream.hostile.Seeds;
import dev.tidemark.stream.hostile.StreamSubject;
import dev.tidemark.stream.hostile.Subject;
import dev.tidemark.stream.hostile.VmdescSubject;
import dev.tidemark.stream.hostile.VmstateSubject;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// What fuzzing and the campaign have found, replayed: `corpus/regressions/WHAT-HASH.bin`. A file
/// goes to every subject, whichever it was found with.
class RegressionsTest {
  private static final List<Subject> SUBJECTS = new ArrayList<>();

  static {
    SUBJECTS.addAll(List.of(StreamSubject.values()));
    SUBJECTS.addAll(List.of(VmdescSubject.values()));
    SUBJECTS.addAll(List.of(MultifdSubject.values()));
    SUBJECTS.addAll(List.of(ReturnPathSubject.values()));
    SUBJECTS.addAll(List.of(VmstateSubject.values()));
  }

  @TestFactory
  Stream<DynamicTest> everyFind() throws IOException, URISyntaxException {
    URL folder = RegressionsTest.class.getResource("/corpus/regressions");
    assertThat(folder).as("corpus/regressions").isNotNull();
    List<Path> finds;
    try (Stream<Path> files = Files.list(Path.of(folder.toURI()))) {
      finds = files.filter(f -> f.toString().endsWith(".bin")).sorted().toList();
    }
    return finds.stream()
        .map(f -> DynamicTest.dynamicTest(f.getFileName().toString(), () -> replay(f)));
  }

  private static void replay(Path find) throws IOException {
    byte[] bytes = Files.readAllBytes(find);
    for (Subject subject : SUBJECTS) {
      Judge.reads(subject, bytes, bytes.length);
    }
  }

  /// The seeds are what they claim to be, or fuzzing starts from rubble.
  @Test
  void seedsAreRead() {
    for (byte[] seed : Seeds.streams()) {
      for (StreamSubject subject : StreamSubject.values()) {
        assertThat(Judge.takes(subject, seed)).as("%s", subject).isTrue();
      }
    }
    for (byte[] seed : Seeds.early()) {
      for (StreamSubject subject : StreamSubject.ofFiles()) {
        assertThat(Judge.takes(subject, seed)).as("%s", subject).isTrue();
      }
    }
    for (byte[] seed : Seeds.connections()) {
      for (MultifdSubject subject : MultifdSubject.values()) {
        assertThat(Judge.reads(subject, seed, seed.length)).as("%s", subject).isTrue();
      }
    }
    for (byte[] seed : Seeds.returnPaths()) {
      for (ReturnPathSubject subject : ReturnPathSubject.values()) {
        assertThat(Judge.reads(subject, seed, seed.length)).as("%s", subject).isTrue();
      }
    }
    for (byte[] seed : Seeds.byHand()) {
      for (StreamSubject subject : StreamSubject.values()) {
        Judge.reads(subject, seed, seed.length);
      }
    }
    for (byte[] seed : Seeds.vmdescs()) {
      assertThat(Judge.reads(VmdescSubject.VMDESC, seed, seed.length)).isTrue();
      assertThat(Judge.reads(VmstateSubject.BESIDE_VMDESC, seed, seed.length)).isTrue();
    }
  }
}
