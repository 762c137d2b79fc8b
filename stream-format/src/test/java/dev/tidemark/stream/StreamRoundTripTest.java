// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamElement.PackagedStream;
import dev.tidemark.stream.fixture.CorpusStream;
import dev.tidemark.stream.fixture.SourceKind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Reading and writing again gives the same bytes; reading gives what was written.
class StreamRoundTripTest {
  private static final MigrationStream SETTINGS =
      MigrationStream.of(TargetPageSize.detect()).withWindow(128 << 10);

  static Stream<Arguments> corpus() {
    return CorpusStream.by(CorpusStream.all(), SourceKind.values());
  }

  /// To the end; of the one that is broken off, up to there: see [CorpusStream#isBrokenOff].
  @ParameterizedTest
  @MethodSource("corpus")
  void corpusIsWrittenAsItWasRead(CorpusStream stream, SourceKind kind) throws IOException {
    assertThat(stream.transformed(kind, StreamTransform.IDENTITY)).isEqualTo(stream.bytes());
  }

  private static byte[] transformed(SourceKind kind, byte[] bytes, StreamTransform transform)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (StreamReader in = kind.open(SETTINGS, bytes);
        StreamWriter writer = MigrationStream.write(Channels.newChannel(out))) {
      writer.transform(in, transform);
    }
    return out.toByteArray();
  }

  /// What [CorpusStream] gives to a reader is needed: without it the same pipe is refused.
  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void earlySectionsOfTheCorpusNeedALayoutOnAPipe(SourceKind kind) throws IOException {
    CorpusStream stream = CorpusStream.of("pc-10.0-virtio-mem");
    byte[] bytes = stream.bytes();
    if (kind == SourceKind.SEEKABLE) {
      assertThat(transformed(kind, bytes, StreamTransform.IDENTITY)).isEqualTo(bytes);
    } else {
      assertThatThrownBy(() -> transformed(kind, bytes, StreamTransform.IDENTITY))
          .isInstanceOf(StreamException.Unsupported.class)
          .hasMessageContaining("before RAM, of unknown length");
    }
  }

  static List<CorpusStream> streams() {
    return CorpusStream.all();
  }

  /// Into as many as vmdesc tells of. Only where it is missing they stay one piece.
  @ParameterizedTest
  @MethodSource("streams")
  void seekableCorpusIsCutIntoDeviceSections(CorpusStream stream) throws IOException {
    int sections = 0;
    boolean tail = false;
    for (StreamElement e : stream.elements(stream.open(SourceKind.SEEKABLE))) {
      sections += e instanceof DeviceSection ? 1 : 0;
      tail |= e instanceof DeviceStateTail;
      if (e instanceof PackagedStream packaged) {
        List<StreamElement> inside = packaged.resolve(stream.layout()).orElseThrow();
        sections += (int) inside.stream().filter(DeviceSection.class::isInstance).count();
      }
    }
    assertThat(tail).isEqualTo(stream.name().equals("pc-10.0-no-vmdesc"));
    assertThat(sections).isEqualTo(tail ? 0 : stream.layout().devices().size());
  }
}
