// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamElement.Configuration;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamElement.EndOfFile;
import dev.tidemark.stream.StreamElement.FileHeader;
import dev.tidemark.stream.StreamElement.IterableSection;
import dev.tidemark.stream.StreamElement.PackagedStream;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamElement.VmDescription;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.MemorySource;
import dev.tidemark.stream.fixture.SourceKind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Reading and writing again gives the same bytes; reading gives what was written.
class StreamRoundTripTest {
  private static final MigrationStream SETTINGS =
      MigrationStream.of(TargetPageSize.detect()).withWindow(128 << 10);

  static Stream<Arguments> corpus() {
    return Corpus.names().stream()
        .flatMap(name -> Stream.of(SourceKind.values()).map(kind -> Arguments.of(name, kind)));
  }

  @ParameterizedTest
  @MethodSource("corpus")
  void corpusIsWrittenAsItWasRead(String name, SourceKind kind) throws IOException {
    byte[] bytes = Corpus.bytes(name);
    assertThat(transformed(kind, bytes, StreamTransform.IDENTITY)).isEqualTo(bytes);
  }

  /// By public constructors, pages one by one. QEMU continues a block wherever it can, as our
  /// writer does, so that even records come out the same.
  @ParameterizedTest
  @MethodSource("corpus")
  void corpusIsRebuilt(String name, SourceKind kind) throws IOException {
    byte[] bytes = Corpus.bytes(name);
    byte[] rebuilt =
        transformed(
            kind,
            bytes,
            (out, e) -> {
              if (out instanceof StreamWriter writer) {
                writer.footers(!Corpus.WITHOUT_FOOTERS.contains(name));
              }
              out.with(rebuilt(e));
            });
    assertThat(rebuilt).isEqualTo(bytes);
  }

  private static StreamElement rebuilt(StreamElement element) {
    return switch (element) {
      case FileHeader(long at, int version) -> new FileHeader(at, version);
      case Configuration c -> Configuration.of(c.machine());
      case Command(long at, int command, byte[] data) -> new Command(at, command, data.clone());
      case RamSection(long at, var phase, var header, var list, var pages) ->
          new RamSection(at, phase, header, list, visitor -> pages.forEach(visitor));
      case IterableSection(long at, var phase, var header, byte[] body, boolean footer) ->
          new IterableSection(at, phase, header, body.clone(), footer);
      case PackagedStream(long at, byte[] bytes) -> new PackagedStream(at, bytes.clone());
      case DeviceSection(long at, var header, byte[] body, boolean footer) ->
          new DeviceSection(at, header, body.clone(), footer);
      case DeviceStateTail(long at, byte[] bytes, int length) ->
          new DeviceStateTail(at, bytes.clone(), length);
      case EndOfFile(long at) -> new EndOfFile(at);
      case VmDescription(long at, String json) -> new VmDescription(at, json);
    };
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

  @ParameterizedTest
  @MethodSource("corpus")
  void seekableCorpusIsCutIntoDeviceSections(String name, SourceKind kind) throws IOException {
    int sections = 0;
    boolean tail = false;
    try (StreamReader in = SETTINGS.read(new MemorySource(Corpus.bytes(name)))) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        sections += e instanceof DeviceSection ? 1 : 0;
        tail |= e instanceof DeviceStateTail;
      }
    }
    assertThat(tail).isEqualTo(name.equals("pc-10.0-no-vmdesc"));
    assertThat(sections >= 15).as("%d sections", sections).isNotEqualTo(tail);
  }
}
