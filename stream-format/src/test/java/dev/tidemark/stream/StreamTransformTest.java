// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamElement.PackagedStream;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.command.MigrationCommand;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.SourceKind;
import dev.tidemark.stream.fixture.StreamSpec;
import dev.tidemark.stream.fixture.Streams;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.vmstate.GlobalState;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The transforms that come with the library.
class StreamTransformTest {
  private static final MigrationStream SETTINGS =
      MigrationStream.of(TargetPageSize.detect()).withWindow(128 << 10);

  static Stream<Arguments> corpus() {
    return Corpus.names().stream()
        .flatMap(
            name ->
                Stream.of(SourceKind.SEEKABLE, SourceKind.PIPE)
                    .map(kind -> Arguments.of(name, kind)));
  }

  @Provide
  Arbitrary<StreamSpec> specs() {
    return Streams.specs();
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

  private static List<StreamElement> elements(byte[] bytes) throws IOException {
    List<StreamElement> elements = new ArrayList<>();
    try (StreamReader in = SourceKind.SEEKABLE.open(SETTINGS, bytes)) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        elements.add(e);
      }
    }
    return elements;
  }

  private static Map<String, byte[]> image(byte[] bytes) throws IOException {
    Map<String, byte[]> image = new TreeMap<>();
    try (StreamReader in = SourceKind.SEEKABLE.open(SETTINGS, bytes)) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof RamSection ram) {
          int size = in.targetPageSize();
          ram.pages()
              .forEach(
                  new PageVisitor() {
                    @Override
                    public void page(RamBlock b, long offset, MemorySegment window, long at) {
                      image.put(
                          StreamSpec.key(b.idstr(), offset),
                          window.asSlice(at, size).toArray(ValueLayout.JAVA_BYTE));
                    }

                    @Override
                    public void zeroPage(RamBlock b, long offset) {
                      image.put(StreamSpec.key(b.idstr(), offset), new byte[size]);
                    }
                  });
        }
      }
    }
    return image;
  }

  private static void assertSame(Map<String, byte[]> actual, Map<String, byte[]> expected) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    expected.forEach((key, page) -> assertThat(actual.get(key)).as(key).isEqualTo(page));
  }

  /// QEMU continues a block wherever it can, as our writer does.
  @ParameterizedTest
  @MethodSource("corpus")
  void reencodedCorpusIsTheSame(String name, SourceKind kind) throws IOException {
    byte[] bytes = Corpus.bytes(name);
    assertThat(transformed(kind, bytes, StreamTransform.reencodingRam())).isEqualTo(bytes);
  }

  /// Page size and footers come from the stream, not from the writer's settings.
  @Property(tries = 300)
  void reencodedStreamHoldsTheSameRam(@ForAll("specs") StreamSpec spec, @ForAll SourceKind kind)
      throws IOException {
    byte[] again = transformed(kind, spec.encode(), StreamTransform.reencodingRam());
    assertSame(image(again), spec.image());
    // Once more changes nothing.
    assertThat(transformed(kind, again, StreamTransform.reencodingRam())).isEqualTo(again);
  }

  @Property(tries = 200)
  void droppedZeroedAndReplacedPages(@ForAll("specs") StreamSpec spec, @ForAll SourceKind kind)
      throws IOException {
    MemorySegment content = MemorySegment.ofArray(new byte[1 << 16]).fill((byte) 0x42);
    long size = spec.pageSize();
    PageTransform rule =
        PageTransform.dropping(PageSelector.range("pc.ram", 0, size))
            .andThen(PageTransform.zeroing(PageSelector.range("pc.ram", size, 1)))
            .andThen(PageTransform.replacing(PageSelector.block("x"), content));
    Map<String, byte[]> expected = spec.image();
    expected.remove(StreamSpec.key("pc.ram", 0));
    expected.computeIfPresent(StreamSpec.key("pc.ram", size), (_, _) -> new byte[(int) size]);
    for (String key : List.copyOf(expected.keySet())) {
      if (key.startsWith("x@")) {
        byte[] page = new byte[(int) size];
        Arrays.fill(page, (byte) 0x42);
        expected.put(key, page);
      }
    }
    byte[] changed = transformed(kind, spec.encode(), StreamTransform.transformingPages(rule));
    assertSame(image(changed), expected);
  }

  @ParameterizedTest
  @MethodSource("corpus")
  void vmdescIsDropped(String name, SourceKind kind) throws IOException {
    byte[] bytes = Corpus.bytes(name);
    byte[] without = transformed(kind, bytes, StreamTransform.withoutVmdesc());
    assertThat(without).isEqualTo(Arrays.copyOf(bytes, without.length));
    assertThat(without[without.length - 1]).isZero();
    assertThat(without.length == bytes.length).isEqualTo(name.equals("pc-10.0-no-vmdesc"));
    assertThat(transformed(kind, without, StreamTransform.withoutVmdesc())).isEqualTo(without);
  }

  @ParameterizedTest
  @MethodSource("corpus")
  void commandsAreRemovedAndAdded(String name, SourceKind kind) throws IOException {
    byte[] bytes = Corpus.bytes(name);
    byte[] without = transformed(kind, bytes, StreamTransform.withoutCommands(_ -> true));
    assertThat(elements(without)).noneMatch(Command.class::isInstance);
    List<MigrationCommand> added =
        List.of(new MigrationCommand.OpenReturnPath(), new MigrationCommand.Ping(7));
    byte[] with = transformed(kind, without, StreamTransform.withCommands(added));
    List<StreamElement> elements = elements(with);
    assertThat(MigrationCommand.decode((Command) elements.get(2))).isEqualTo(added.get(0));
    assertThat(MigrationCommand.decode((Command) elements.get(3))).isEqualTo(added.get(1));
    assertThat(transformed(kind, with, StreamTransform.withoutCommands(_ -> true)))
        .isEqualTo(without);
  }

  @ParameterizedTest
  @MethodSource("corpus")
  void runStateIsRewritten(String name, SourceKind kind) throws IOException {
    byte[] bytes = Corpus.bytes(name);
    byte[] changed = transformed(kind, bytes, StreamTransform.withRunState("shutdown"));
    assertThat(changed).hasSameSizeAs(bytes);
    try (StreamReader in = SourceKind.PIPE.open(SETTINGS, changed)) {
      StreamElement last = in.next();
      for (StreamElement e = last; e != null; e = in.next()) {
        last = e;
      }
      byte[] sections = ((DeviceStateTail) Objects.requireNonNull(last)).deviceState().sections();
      assertThat(GlobalState.runState(sections)).contains("shutdown");
    }
    String before = name.contains("stopped") || name.contains("file") ? "paused" : "running";
    if (GlobalState.runState(bytes).equals(Optional.of(before))) {
      assertThat(transformed(kind, changed, StreamTransform.withRunState(before))).isEqualTo(bytes);
    }
  }

  @Test
  void runStateInAPackageIsRewritten() throws IOException {
    byte[] stopped = Corpus.bytes("pc-10.0-stopped");
    List<StreamElement> devices =
        elements(stopped).stream().filter(StreamElement.DeviceSection.class::isInstance).toList();
    PackagedStream packaged = PackagedStream.of(devices);
    List<StreamElement> out = new ArrayList<>();
    StreamTransform.withRunState("running").accept(out::add, packaged);
    assertThat(GlobalState.runState(((PackagedStream) out.getFirst()).bytes())).contains("running");
    assertThat(GlobalState.runState(packaged.bytes())).contains("paused");
  }

  @Test
  void runStatesThatDoNotFitAreRefusedAtOnce() {
    assertThatThrownBy(() -> StreamTransform.withRunState(""))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> StreamTransform.withRunState("r".repeat(32)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /// One behind the other is the same as both at once.
  @ParameterizedTest
  @MethodSource("corpus")
  void transformsCompose(String name, SourceKind kind) throws IOException {
    byte[] bytes = Corpus.bytes(name);
    StreamTransform first =
        StreamTransform.transformingPages(PageTransform.dropping(PageSelector.block("pc.bios")));
    byte[] oneByOne =
        transformed(
            kind,
            transformed(
                kind,
                transformed(kind, bytes, first),
                StreamTransform.withCommands(List.of(new MigrationCommand.PostcopyRun()))),
            StreamTransform.withoutVmdesc());
    byte[] atOnce =
        transformed(
            kind,
            bytes,
            first
                .andThen(StreamTransform.withCommands(List.of(new MigrationCommand.PostcopyRun())))
                .andThen(StreamTransform.withoutVmdesc()));
    assertThat(atOnce).isEqualTo(oneByOne);
    assertThat(image(atOnce).keySet()).noneMatch(key -> key.startsWith("pc.bios@"));
  }
}
