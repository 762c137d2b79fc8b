// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamElement.PackagedStream;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.fixture.CorpusStream;
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
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
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
    return CorpusStream.by(CorpusStream.all(), SourceKind.values());
  }

  /// To the end; of the one that is broken off, up to there: see [CorpusStream#isBrokenOff].
  @ParameterizedTest
  @MethodSource("corpus")
  void corpusIsWrittenAsItWasRead(CorpusStream stream, SourceKind kind) throws IOException {
    assertThat(stream.transformed(kind, StreamTransform.IDENTITY)).isEqualTo(stream.bytes());
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
  void streamOfPagesWrittenAgainHoldsTheSameRam(
      @ForAll("specs") StreamSpec spec, @ForAll SourceKind kind) throws IOException {
    byte[] again =
        transformed(
            kind,
            spec.encode(),
            (out, e) -> {
              if (out instanceof StreamWriter writer) {
                writer.footers(spec.footers()).targetPageSize(spec.pageSize());
              }
              out.with(
                  e instanceof RamSection(long at, var phase, var header, var list, var pages)
                      ? new RamSection(at, phase, header, list, v -> pages.forEach(v))
                      : e);
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
