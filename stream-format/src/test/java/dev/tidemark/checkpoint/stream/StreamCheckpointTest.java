// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.MemorySource;
import dev.tidemark.stream.fixture.PieceChannel;
import dev.tidemark.stream.fixture.StreamSpec;
import dev.tidemark.stream.fixture.Streams;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.vmstate.GlobalState;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class StreamCheckpointTest {
  static final List<String> LOADABLE =
      Corpus.plain().stream().filter(name -> !name.equals("pc-10.0-ignore-shared")).toList();

  @Provide
  Arbitrary<StreamSpec> specs() {
    return Streams.specs();
  }

  @Property(tries = 200)
  void newestVersionOfEachPageWins(@ForAll("specs") StreamSpec spec) throws IOException {
    try (StreamCheckpoint checkpoint = StreamCheckpoint.open(new MemorySource(spec.encode()))) {
      Map<String, byte[]> expected = spec.image();
      for (RamBlock block : checkpoint.ramBlocks()) {
        for (long at = 0; at < block.usedLength(); at += spec.pageSize()) {
          byte[] page = new byte[spec.pageSize()];
          PageKind kind = checkpoint.readPage(block, at, MemorySegment.ofArray(page));
          byte[] wanted = expected.get(StreamSpec.key(block.idstr(), at));
          assertThat(kind == PageKind.MISSING).isEqualTo(wanted == null);
          assertThat(page).isEqualTo(wanted == null ? new byte[spec.pageSize()] : wanted);
        }
      }
      for (BlockPages pages : checkpoint.blockPages()) {
        assertThat((pages.data() + pages.zero() + pages.missing()) * spec.pageSize())
            .isEqualTo(pages.block().usedLength());
      }
    }
  }

  @Property(tries = 200)
  void canonicalStreamHoldsTheSame(@ForAll("specs") StreamSpec any, @ForAll boolean indexed)
      throws IOException {
    // Machine types write both or none.
    StreamSpec spec = any.withFooters(any.configuration());
    byte[] bytes = spec.encode();
    byte[] written;
    try (StreamCheckpoint checkpoint = StreamCheckpoint.open(new MemorySource(bytes));
        CheckpointStream in =
            indexed
                ? checkpoint.stream()
                : StreamCheckpointStream.open(
                    MigrationStream.of(TargetPageSize.detect()),
                    PieceChannel.ofSize(bytes, 1000))) {
      written = write(in, CheckpointStreamWriter.Options.DEFAULT);
    }
    try (StreamCheckpoint again =
        StreamCheckpoint.open(
            MigrationStream.of(TargetPageSize.of(spec.pageSize())), new MemorySource(written))) {
      assertThat(again.commands()).isEmpty();
      assertThat(again.ramSections()).isEqualTo(3);
      assertThat(again.deviceState().sections()).isEqualTo(spec.deviceSections());
      assertThat(again.deviceState().vmdesc().isPresent()).isEqualTo(spec.vmdesc());
      assertSame(again, spec.image());
    }
  }

  @ParameterizedTest
  @FieldSource("LOADABLE")
  void realStreamsKeepTheirRam(String name) throws IOException {
    byte[] bytes = Corpus.bytes(name);
    try (StreamCheckpoint checkpoint = StreamCheckpoint.open(new MemorySource(bytes));
        CheckpointStream pages = checkpoint.stream()) {
      byte[] written = write(pages, CheckpointStreamWriter.Options.DEFAULT.withRunState("paused"));
      try (StreamCheckpoint again = StreamCheckpoint.open(new MemorySource(written))) {
        assertThat(again.configuration()).isEqualTo(checkpoint.configuration());
        assertThat(again.ramBlocks()).isEqualTo(checkpoint.ramBlocks());
        if (Corpus.WITHOUT_FOOTERS.contains(name)) {
          assertThat(GlobalState.runState(again.deviceState().sections())).isEmpty();
        } else {
          assertThat(GlobalState.runState(again.deviceState().sections())).contains("paused");
        }
        byte[] one = new byte[again.targetPageSize()];
        byte[] other = new byte[again.targetPageSize()];
        for (RamBlock block : again.ramBlocks()) {
          for (long at = 0; at < block.usedLength(); at += one.length) {
            assertThat(again.readPage(block, at, MemorySegment.ofArray(one)))
                .isEqualTo(checkpoint.readPage(block, at, MemorySegment.ofArray(other)));
            assertThat(one).isEqualTo(other);
          }
        }
        for (BlockPages blockPages : again.blockPages()) {
          assertThat(blockPages.missing()).isZero();
        }
      }
    }
  }

  private static byte[] write(CheckpointStream in, CheckpointStreamWriter.Options options)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    long bytes = CheckpointStreamWriter.write(in, Channels.newChannel(out), options);
    assertThat(out.size()).isEqualTo(bytes);
    return out.toByteArray();
  }

  private static void assertSame(StreamCheckpoint actual, Map<String, byte[]> expected)
      throws IOException {
    Map<String, byte[]> image = new TreeMap<>();
    for (RamBlock block : actual.ramBlocks()) {
      for (long at = 0; at < block.usedLength(); at += actual.targetPageSize()) {
        byte[] page = new byte[actual.targetPageSize()];
        if (actual.readPage(block, at, MemorySegment.ofArray(page)) != PageKind.MISSING) {
          image.put(StreamSpec.key(block.idstr(), at), page);
        }
      }
    }
    assertThat(image.keySet()).isEqualTo(expected.keySet());
    expected.forEach((key, page) -> assertThat(image.get(key)).as(key).isEqualTo(page));
  }
}
