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
import dev.tidemark.stream.fixture.StreamSpec;
import dev.tidemark.stream.fixture.Streams;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Reading and writing again gives the same bytes; reading gives what was written.
class StreamRoundTripTest {
  private static final MigrationStream SETTINGS =
      MigrationStream.of(TargetPageSize.detect()).withWindow(128 << 10);

  @Provide
  Arbitrary<StreamSpec> specs() {
    return Streams.specs();
  }

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

  @Property(tries = 300)
  void anyStreamIsWrittenAsItWasRead(@ForAll("specs") StreamSpec spec, @ForAll SourceKind kind)
      throws IOException {
    byte[] bytes = spec.encode();
    assertThat(transformed(kind, bytes, StreamTransform.IDENTITY)).isEqualTo(bytes);
  }

  @Property(tries = 300)
  void anyStreamReadsAsTheRamItHolds(@ForAll("specs") StreamSpec spec, @ForAll SourceKind kind)
      throws IOException {
    assertSame(image(kind, spec.encode()), spec.image());
  }

  @Property(tries = 200)
  void rebuiltStreamHoldsTheSameRam(@ForAll("specs") StreamSpec spec, @ForAll SourceKind kind)
      throws IOException {
    byte[] again =
        transformed(
            kind,
            spec.encode(),
            (out, e) -> {
              if (out instanceof StreamWriter writer) {
                writer.footers(spec.footers()).targetPageSize(spec.pageSize());
              }
              out.with(rebuilt(e));
            });
    assertSame(image(SourceKind.SEEKABLE, again), spec.image());
  }

  /// A dropped section takes the name with it that the next one's first record continues.
  @Property(tries = 200)
  void droppedSectionsDoNotMovePages(@ForAll("specs") StreamSpec spec) throws IOException {
    int[] seen = {0};
    byte[] bytes =
        transformed(
            SourceKind.PIPE,
            spec.encode(),
            (out, e) -> {
              if (!(e instanceof RamSection) || seen[0]++ != 1) {
                out.with(e);
              }
            });
    StreamSpec without =
        new StreamSpec(
            spec.pageSize(),
            spec.footers(),
            spec.configuration(),
            spec.uuid(),
            spec.vmdesc(),
            spec.end(),
            spec.blocks(),
            Stream.concat(spec.parts().stream().limit(1), spec.parts().stream().skip(2)).toList(),
            spec.devices(),
            spec.commands());
    assertSame(image(SourceKind.SEEKABLE, bytes), without.image());
  }

  @Property(tries = 100)
  void tailResolvesToTheElementsOfASeekableSource(@ForAll("specs") StreamSpec spec)
      throws IOException {
    byte[] bytes = spec.encode();
    byte[] resolved =
        transformed(
            SourceKind.PIPE,
            bytes,
            (out, e) -> {
              if (e instanceof DeviceStateTail tail && tail.resolve().isPresent()) {
                for (StreamElement part : tail.resolve().get()) {
                  out.with(part);
                }
              } else {
                out.with(e);
              }
            });
    assertThat(resolved).isEqualTo(bytes);
  }

  @Property(tries = 50)
  void zeroesBehindVmdescArePassedOver(@ForAll("specs") StreamSpec spec) throws IOException {
    if (spec.vmdesc()) {
      byte[] bytes = spec.encode();
      byte[] padded = java.util.Arrays.copyOf(bytes, bytes.length + 777);
      for (SourceKind kind : new SourceKind[] {SourceKind.SEEKABLE, SourceKind.SHORT_READS}) {
        assertThat(transformed(kind, padded, StreamTransform.IDENTITY)).isEqualTo(bytes);
      }
    }
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

  private static Map<String, byte[]> image(SourceKind kind, byte[] bytes) throws IOException {
    Map<String, byte[]> image = new TreeMap<>();
    try (StreamReader in = kind.open(SETTINGS, bytes)) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof RamSection ram) {
          ram.pages().forEach(new Image(image, in.targetPageSize()));
        }
      }
    }
    return image;
  }

  private static void assertSame(Map<String, byte[]> actual, Map<String, byte[]> expected) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    expected.forEach((key, page) -> assertThat(actual.get(key)).as(key).isEqualTo(page));
  }

  private record Image(Map<String, byte[]> pages, int pageSize) implements PageVisitor {
    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      pages.put(
          StreamSpec.key(block.idstr(), pageOffset),
          window.asSlice(windowOffset, pageSize).toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {
      pages.put(StreamSpec.key(block.idstr(), pageOffset), new byte[pageSize]);
    }
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
