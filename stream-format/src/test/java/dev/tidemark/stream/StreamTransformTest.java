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
import dev.tidemark.stream.fixture.CorpusStream;
import dev.tidemark.stream.fixture.SourceKind;
import dev.tidemark.stream.fixture.StreamSpec;
import dev.tidemark.stream.fixture.Streams;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamRecord;
import dev.tidemark.stream.ram.RamRecord.CompressedPage;
import dev.tidemark.stream.ram.RamRecord.MultifdFlush;
import dev.tidemark.stream.ram.RamRecords;
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
    return CorpusStream.by(CorpusStream.all(), SourceKind.SEEKABLE, SourceKind.PIPE);
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

  private static List<StreamElement> elements(CorpusStream stream, byte[] bytes)
      throws IOException {
    return stream.elements(stream.open(SourceKind.SEEKABLE, bytes));
  }

  private static Map<String, byte[]> image(byte[] bytes) throws IOException {
    return image(SourceKind.SEEKABLE.open(SETTINGS, bytes));
  }

  private static Map<String, byte[]> image(StreamReader reader) throws IOException {
    Map<String, byte[]> image = new TreeMap<>();
    try (StreamReader in = reader) {
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

  /// QEMU continues a block wherever it can, as our writer does. Deltas are passed on as they are.
  /// Three kinds come out as other bytes, see below.
  @ParameterizedTest
  @MethodSource("corpus")
  void reencodedCorpusIsTheSame(CorpusStream stream, SourceKind kind) throws IOException {
    byte[] again = stream.transformed(kind, StreamTransform.reencodingRam());
    switch (stream.kind()) {
      case COMPRESS -> assertPlainPagesOfTheSameContent(stream, again);
      case MULTIFD -> assertOnlyFlushesAreMissing(stream, again);
      case POSTCOPY -> assertOnlyNamesAreMissing(stream, again);
      case PLAIN, XBZRLE, MAPPED_RAM, ITERABLE, EARLY_SECTION ->
          assertThat(again).isEqualTo(stream.rewrittenBytes());
    }
  }

  private static void assertPlainPagesOfTheSameContent(CorpusStream stream, byte[] again)
      throws IOException {
    assertThat(records(stream, stream.bytes())).hasAtLeastOneElementOfType(CompressedPage.class);
    assertThat(records(stream, again)).doesNotHaveAnyElementsOfTypes(CompressedPage.class);
    assertSame(image(stream.open(SourceKind.PIPE, again)), image(stream.open(SourceKind.SEEKABLE)));
    // Once more changes nothing.
    assertThat(stream.transformed(SourceKind.SEEKABLE, again, StreamTransform.reencodingRam()))
        .isEqualTo(again);
  }

  /// Machine types up to 8.0 have none: there each section's end is one.
  private static void assertOnlyFlushesAreMissing(CorpusStream stream, byte[] again)
      throws IOException {
    List<RamRecord> before = records(stream, stream.bytes());
    int flushes = (int) before.stream().filter(MultifdFlush.class::isInstance).count();
    assertThat(flushes == 0)
        .isEqualTo(stream.entry().machine().endsWith("7.2") || stream.name().contains("-7.2-"));
    assertThat(again.length).isEqualTo(stream.bytes().length - 8 * flushes);
    assertThat(records(stream, again)).hasSize(before.size() - flushes);
    assertSame(image(stream.open(SourceKind.PIPE, again)), image(stream.open(SourceKind.SEEKABLE)));
  }

  /// QEMU 10.0 names the block again when postcopy begins.
  private static void assertOnlyNamesAreMissing(CorpusStream stream, byte[] again)
      throws IOException {
    byte[] bytes = stream.bytes();
    // Of the broken-off one the last section's EOS is not written.
    int eos = stream.isBrokenOff() ? RamRecords.SIZE_WORD : 0;
    byte[] whole = Arrays.copyOf(again, again.length + eos);
    if (eos > 0) {
      whole[whole.length - 1] = RamRecords.EOS;
    }
    List<PageRecord> before = pageRecords(stream, bytes);
    List<PageRecord> after = pageRecords(stream, whole);
    assertThat(after.stream().map(r -> r.withName(false)))
        .containsExactlyElementsOf(before.stream().map(r -> r.withName(false)).toList());
    int names = 0;
    for (int i = 0; i < before.size(); i++) {
      if (before.get(i).named() != after.get(i).named()) {
        names += 1 + before.get(i).block().length();
      }
    }
    assertThat(whole.length).isEqualTo(bytes.length - names);
  }

  /// A record by what it says.
  private record PageRecord(String block, long pageOffset, boolean named, int content) {
    PageRecord withName(boolean on) {
      return new PageRecord(block, pageOffset, on, content);
    }
  }

  private static List<PageRecord> pageRecords(CorpusStream stream, byte[] bytes)
      throws IOException {
    List<PageRecord> pages = new ArrayList<>();
    for (RamRecord record : records(stream, bytes)) {
      switch (record) {
        case RamRecord.Page(RamBlock b, long at, boolean continued, byte[] content) ->
            pages.add(new PageRecord(b.idstr(), at, !continued, Arrays.hashCode(content)));
        case RamRecord.ZeroPage(RamBlock b, long at, boolean continued, byte fill) ->
            pages.add(new PageRecord(b.idstr(), at, !continued, fill));
        case RamRecord.XbzrlePage _, CompressedPage _, MultifdFlush _ ->
            throw new AssertionError(record + " in postcopy");
      }
    }
    return pages;
  }

  private static List<RamRecord> records(CorpusStream stream, byte[] bytes) throws IOException {
    List<RamRecord> records = new ArrayList<>();
    try (StreamReader in = stream.open(SourceKind.SEEKABLE, bytes)) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof RamSection ram) {
          records.addAll(RamRecord.listOf(ram.pages(), in.targetPageSize()));
        }
      }
    } catch (StreamException.Truncated e) {
      assertThat(stream.isBrokenOff()).as(e.getMessage()).isTrue();
    }
    return records;
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
  void vmdescIsDropped(CorpusStream stream, SourceKind kind) throws IOException {
    byte[] bytes = stream.bytes();
    byte[] without = stream.transformed(kind, StreamTransform.withoutVmdesc());
    assertThat(without).isEqualTo(Arrays.copyOf(bytes, without.length));
    assertThat(without.length < bytes.length).isEqualTo(stream.hasVmdesc());
    if (stream.hasVmdesc()) {
      // The type byte of what is missing, and EOF before it.
      assertThat(bytes[without.length]).isEqualTo((byte) 0x06);
      assertThat(without[without.length - 1]).isZero();
    }
    assertThat(stream.transformed(kind, without, StreamTransform.withoutVmdesc()))
        .isEqualTo(without);
  }

  /// Those in a package stay.
  @ParameterizedTest
  @MethodSource("corpus")
  void commandsAreRemovedAndAdded(CorpusStream stream, SourceKind kind) throws IOException {
    byte[] without = stream.transformed(kind, StreamTransform.withoutCommands(_ -> true));
    assertThat(elements(stream, without)).noneMatch(Command.class::isInstance);
    List<MigrationCommand> added =
        List.of(new MigrationCommand.OpenReturnPath(), new MigrationCommand.Ping(7));
    byte[] with = stream.transformed(kind, without, StreamTransform.withCommands(added));
    List<StreamElement> elements = elements(stream, with);
    int first = elements.get(1) instanceof StreamElement.Configuration ? 2 : 1;
    assertThat(MigrationCommand.decode((Command) elements.get(first))).isEqualTo(added.get(0));
    assertThat(MigrationCommand.decode((Command) elements.get(first + 1))).isEqualTo(added.get(1));
    assertThat(elements.stream().filter(Command.class::isInstance)).hasSize(2);
    assertThat(stream.transformed(kind, with, StreamTransform.withoutCommands(_ -> true)))
        .isEqualTo(without);
  }

  /// In a section, a tail or a package; very old machine types do not send it.
  @ParameterizedTest
  @MethodSource("corpus")
  void runStateIsRewritten(CorpusStream stream, SourceKind kind) throws IOException {
    byte[] bytes = stream.bytes();
    byte[] changed = stream.transformed(kind, StreamTransform.withRunState("shutdown"));
    Optional<String> before = runState(stream, bytes);
    assertThat(before.isPresent()).isEqualTo(stream.hasGlobalState());
    assertThat(runState(stream, changed)).isEqualTo(before.map(_ -> "shutdown"));
    assertThat(changed).hasSameSizeAs(bytes);
    if (before.isPresent()) {
      assertThat(stream.transformed(kind, changed, StreamTransform.withRunState(before.get())))
          .isEqualTo(bytes);
    } else {
      assertThat(changed).isEqualTo(bytes);
    }
  }

  private static Optional<String> runState(CorpusStream stream, byte[] bytes) throws IOException {
    Optional<String> found = Optional.empty();
    for (StreamElement e : stream.elements(stream.open(SourceKind.PIPE, bytes))) {
      if (e instanceof DeviceStateTail tail) {
        found = GlobalState.runState(tail.deviceState().sections());
      } else if (e instanceof PackagedStream packaged) {
        found = GlobalState.runState(packaged.bytes());
      }
    }
    return found;
  }

  @Test
  void runStateInAPackageIsRewritten() throws IOException {
    CorpusStream stopped = CorpusStream.of("pc-10.0-stopped");
    List<StreamElement> devices =
        elements(stopped, stopped.bytes()).stream()
            .filter(StreamElement.DeviceSection.class::isInstance)
            .toList();
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

  /// One behind the other is the same as both at once. A rule about pages needs pages: where they
  /// stand as deltas to former versions, it is refused.
  @ParameterizedTest
  @MethodSource("corpus")
  void transformsCompose(CorpusStream stream, SourceKind kind) throws IOException {
    StreamTransform first =
        StreamTransform.transformingPages(PageTransform.dropping(PageSelector.block("pc.bios")));
    if (stream.kind() == Corpus.Kind.XBZRLE) {
      assertThatThrownBy(() -> stream.transformed(kind, first))
          .isInstanceOf(StreamException.Unsupported.class)
          .hasMessageContaining("XBZRLE record for a visitor that takes none at offset 0x");
      return;
    }
    List<MigrationCommand> commands = List.of(new MigrationCommand.PostcopyRun());
    byte[] dropped = stream.transformed(kind, first);
    if (stream.isBrokenOff()) {
      // Written anew it breaks off earlier, inside its last section, so that there is no second
      // time.
      assertThat(dropped).hasSizeLessThan(stream.rewrittenBytes().length);
      return;
    }
    byte[] oneByOne =
        stream.transformed(
            kind,
            stream.transformed(kind, dropped, StreamTransform.withCommands(commands)),
            StreamTransform.withoutVmdesc());
    byte[] atOnce =
        stream.transformed(
            kind,
            first
                .andThen(StreamTransform.withCommands(commands))
                .andThen(StreamTransform.withoutVmdesc()));
    assertThat(atOnce).isEqualTo(oneByOne);
    assertThat(image(stream.open(SourceKind.SEEKABLE, atOnce)).keySet())
        .noneMatch(key -> key.startsWith("pc.bios@"));
  }
}
