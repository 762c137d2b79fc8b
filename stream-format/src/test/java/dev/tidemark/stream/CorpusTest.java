// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.Corpus.Entry;
import dev.tidemark.stream.fixture.Corpus.Kind;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// The corpus is what its manifest says, and small.
class CorpusTest {
  private static final int MAGIC = 0x5145564d;
  private static final int MULTIFD_MAGIC = 0x11223344;
  private static final long LIMIT = 2L << 20;
  private static final long LIMIT_OF_ALL = 10L << 20;

  static List<Entry> entries() {
    return Corpus.entries();
  }

  private static Path folder() throws URISyntaxException {
    URI manifest =
        Objects.requireNonNull(CorpusTest.class.getResource("/corpus/manifest.json")).toURI();
    return Objects.requireNonNull(Path.of(manifest).getParent());
  }

  @Test
  void everyFileBelongsToAStream() throws Exception {
    Set<String> listed = new TreeSet<>();
    for (Entry entry : Corpus.entries()) {
      listed.add(entry.name() + ".bin.gz");
      entry.files().forEach(file -> listed.add(entry.name() + "." + file + ".bin.gz"));
    }
    Set<String> there = new TreeSet<>();
    long bytes = 0;
    try (Stream<Path> files = Files.list(folder())) {
      for (Path file : files.toList()) {
        String name = String.valueOf(file.getFileName());
        if (name.endsWith(".gz") && !name.startsWith("guest-")) {
          there.add(name);
        }
        assertThat(Files.size(file)).as(name).isLessThan(LIMIT);
        bytes += Files.size(file);
      }
    }
    assertThat(there).isEqualTo(listed);
    assertThat(bytes).isLessThan(LIMIT_OF_ALL);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void everyKindIsThere(Kind kind) {
    assertThat(Corpus.names(kind)).isNotEmpty();
  }

  @ParameterizedTest
  @MethodSource("entries")
  void everyMainChannelIsAStream(Entry entry) throws IOException {
    ByteBuffer main = ByteBuffer.wrap(Corpus.bytes(entry.name()));
    assertThat(main.getInt((int) entry.streamOffset())).isEqualTo(MAGIC);
    assertThat(entry.ramBytes() % entry.targetPageSize()).isZero();
    assertThat(entry.arguments()).contains("-machine", entry.machine());
  }

  @ParameterizedTest
  @MethodSource("entries")
  void channelsAreInTheOrderOfTheirIds(Entry entry) throws IOException {
    List<byte[]> channels = Corpus.channels(entry.name());
    assertThat(channels.isEmpty()).isEqualTo(entry.kind() != Kind.MULTIFD);
    for (int id = 0; id < channels.size(); id++) {
      ByteBuffer channel = ByteBuffer.wrap(channels.get(id));
      assertThat(channel.getInt()).isEqualTo(MULTIFD_MAGIC);
      assertThat(channel.get(24)).isEqualTo((byte) id);
    }
  }

  @ParameterizedTest
  @MethodSource("entries")
  void theFilesOfTheCommandLineAreThere(Entry entry, @TempDir Path folder) throws IOException {
    Corpus.putGuestFiles(entry.name(), folder);
    String arguments = String.join(" ", entry.arguments());
    for (String file : arguments.split("[ ,=]", -1)) {
      if (file.matches("[a-z0-9]+\\.(bin|img)")) {
        assertThat(folder.resolve(file)).exists();
      }
    }
  }
}
