// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.IterableSection;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamReader;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.fixture.Corpus.Kind;
import dev.tidemark.stream.fixture.CorpusStream;
import dev.tidemark.stream.fixture.SourceKind;
import dev.tidemark.stream.ram.RamRecord;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What is damaged at each byte instead of the corpus shows all that the corpus does.
class ThinnedTest {
  static Stream<CorpusStream> streams() {
    return CorpusStream.all().stream().filter(s -> s.kind() != Kind.MAPPED_RAM);
  }

  /// Elements by type and phase, records by what they follow upon, the blocks that are named.
  @ParameterizedTest
  @MethodSource("streams")
  void everySituationIsKept(CorpusStream stream) throws IOException {
    byte[] thinned = Thinned.of(stream);
    assertThat(thinned).hasSizeLessThan(100_000);
    MigrationStream settings = MigrationStream.of(TargetPageSize.detect());
    Set<String> shown =
        situations(settings.read(new Input(thinned, 0, thinned.length).source()), false);
    assertThat(shown)
        .containsAll(situations(stream.open(SourceKind.SEEKABLE), stream.isBrokenOff()));
  }

  private static Set<String> situations(StreamReader reader, boolean breaksOff) throws IOException {
    Set<String> all = new TreeSet<>();
    try (reader) {
      for (StreamElement e = reader.next(); e != null; e = reader.next()) {
        switch (e) {
          case RamSection ram -> {
            all.add("ram " + ram.phase());
            records(RamRecord.listOf(ram.pages(), reader.targetPageSize()), all);
          }
          case IterableSection section ->
              all.add(section.header().idstr() + section.phase() + section.body().length);
          default -> all.add(e.getClass().getSimpleName());
        }
      }
    } catch (StreamException.Truncated e) {
      assertThat(breaksOff).isTrue();
    }
    all.remove("EndOfFile");
    return all;
  }

  private static void records(List<RamRecord> records, Set<String> all) {
    RamRecord before = null;
    for (RamRecord record : records) {
      all.add(Thinned.way(before, record));
      all.add("block " + Thinned.block(record));
      before = record;
    }
  }
}
