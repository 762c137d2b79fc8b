// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.fixture.RecordStream;
import dev.tidemark.stream.fixture.RecordStream.Mix;
import dev.tidemark.stream.fixture.SourceKind;
import dev.tidemark.stream.fixture.StreamSpec;
import dev.tidemark.stream.ram.DeltaVisitor;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamPages;
import dev.tidemark.stream.ram.RamRecord;
import dev.tidemark.stream.ram.RamRecordVisitor;
import dev.tidemark.stream.ram.Xbzrle;
import dev.tidemark.stream.ram.XbzrleEncoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Records of every kind, as content and as they stand on the wire.
class RamRecordsTest {
  private static final MigrationStream SETTINGS =
      MigrationStream.of(TargetPageSize.detect()).withWindow(256 << 10);

  @TempDir Path folder;

  static Stream<Arguments> kinds() {
    return Stream.of(4096, 16384, 65536)
        .flatMap(size -> Stream.of(SourceKind.values()).map(kind -> Arguments.of(size, kind)));
  }

  private static RecordStream all(int pageSize, long seed) {
    return new RecordStream(pageSize, 9, 120, Mix.ALL, seed);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void contentIsWhatTheRecordsSay(int pageSize, SourceKind kind) throws IOException {
    RecordStream stream = all(pageSize, pageSize);
    assertSame(image(kind.open(SETTINGS, stream.bytes())), stream.image());
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void recordsComeAsTheyStand(int pageSize, SourceKind kind) throws IOException {
    RecordStream stream = all(pageSize, 3);
    Log log = new Log();
    try (StreamReader in = kind.open(SETTINGS, stream.bytes())) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof RamSection ram) {
          ram.pages().forEachRecord(log);
        }
      }
    }
    assertThat(log.seen).isEqualTo(stream.records());
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void identityAndRebuiltAreByteIdentical(int pageSize, SourceKind kind) throws IOException {
    byte[] bytes = all(pageSize, 5).bytes();
    assertThat(transformed(kind, bytes, StreamTransform.IDENTITY)).isEqualTo(bytes);
    assertThat(transformed(kind, bytes, fromValues(pageSize))).isEqualTo(bytes);
  }

  /// Every RAM section with its records as values.
  private static StreamTransform fromValues(int pageSize) {
    return (out, e) -> {
      if (e instanceof RamSection(long at, var phase, var header, var list, var pages)) {
        ((StreamWriter) out).targetPageSize(pageSize);
        RamPages values = RamPages.of(RamRecord.listOf(pages, pageSize), pageSize);
        out.with(new RamSection(at, phase, header, list, values));
      } else {
        out.with(e);
      }
    };
  }

  @Test
  void valuesGiveTheirContentToo() throws IOException {
    RecordStream stream = all(4096, 11);
    Map<String, byte[]> image = new TreeMap<>();
    try (StreamReader in = SourceKind.PIPE.open(SETTINGS, stream.bytes())) {
      Image visitor = new Image(image, 4096);
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof RamSection ram) {
          RamPages.of(RamRecord.listOf(ram.pages(), 4096)).forEach(visitor);
        }
      }
    }
    assertSame(image, stream.image());
  }

  /// Re-encoded by a visitor of pages: compressed and filled pages become pages with content.
  @Test
  void pagesWrittenAgainHoldTheSame() throws IOException {
    RecordStream stream = all(4096, 12);
    byte[] again =
        transformed(
            SourceKind.SEEKABLE,
            stream.bytes(),
            (out, e) -> {
              if (e instanceof RamSection(long at, var phase, var header, var list, var pages)) {
                out.with(new RamSection(at, phase, header, list, v -> pages.forEach(v)));
              } else {
                out.with(e);
              }
            });
    Log log = new Log();
    try (StreamReader in = SourceKind.PIPE.open(SETTINGS, again)) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof RamSection ram) {
          ram.pages().forEachRecord(log);
        }
      }
    }
    assertThat(log.seen).noneMatch(line -> line.startsWith("compressed"));
    assertThat(log.fills).containsOnly((byte) 0);
    assertSame(image(SourceKind.PIPE.open(SETTINGS, again)), stream.image());
  }

  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void droppedSectionsDoNotMoveRecords(SourceKind kind) throws IOException {
    RecordStream stream = all(4096, 21);
    int[] seen = {0};
    byte[] dropped =
        transformed(
            kind,
            stream.bytes(),
            (out, e) -> {
              if (!(e instanceof RamSection) || seen[0]++ != 2) {
                out.with(e);
              }
            });
    List<String> kept = new ArrayList<>(stream.records());
    // Five sections behind START: the second goes.
    kept.subList(24, 48).clear();
    Log log = new Log();
    try (StreamReader in = SourceKind.PIPE.open(SETTINGS, dropped)) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof RamSection ram) {
          ram.pages().forEachRecord(log);
        }
      }
    }
    assertThat(log.seen.stream().map(line -> line.replace(" continued", "")))
        .isEqualTo(kept.stream().map(line -> line.replace(" continued", "")).toList());
  }

  @Test
  void deltasAreForVisitorsThatTakeThem() throws IOException {
    RecordStream stream = all(4096, 2);
    try (StreamReader in = SourceKind.SEEKABLE.open(SETTINGS, stream.bytes())) {
      assertThatThrownBy(
              () -> {
                for (StreamElement e = in.next(); e != null; e = in.next()) {
                  if (e instanceof RamSection ram) {
                    ram.pages().forEach(new Plain());
                  }
                }
              })
          .isInstanceOf(StreamException.Unsupported.class)
          .hasMessageContaining("XBZRLE record");
    }
  }

  /// Any bytes in place of deltas and compressed pages: our exception, or a page.
  @Property(tries = 300)
  void damagedContentIsOurs(@ForAll @IntRange(max = 1000) int seed, @ForAll byte[] junk)
      throws IOException {
    RecordStream stream = all(4096, seed);
    byte[] bytes = stream.bytes();
    int[] content = stream.contents().get(seed % stream.contents().size());
    System.arraycopy(junk, 0, bytes, content[0], Math.min(content[1], junk.length));
    try {
      image(SourceKind.PIPE.open(SETTINGS, bytes));
    } catch (StreamException e) {
      assertThat(e.streamOffset()).isBetween((long) content[0], (long) content[0] + content[1]);
    }
  }

  @Test
  void compressedPageMustBeOnePage() throws IOException {
    RamBlock block = new RamBlock(0, "pc.ram", 4096);
    for (int size : new int[] {4095, 4097, 0}) {
      byte[] zlib = deflated(new byte[size]);
      RamPages pages = RamPages.of(List.of(new RamRecord.CompressedPage(block, 0, false, zlib)));
      assertThatThrownBy(() -> pages.forEach(new Plain()))
          .isInstanceOf(StreamException.Malformed.class)
          .hasMessageContaining("not one page");
    }
    byte[] zlib = deflated(new byte[4096]);
    RamPages whole = RamPages.of(List.of(new RamRecord.CompressedPage(block, 0, false, zlib)));
    Plain plain = new Plain();
    whole.forEach(plain);
    assertThat(plain.pages).isEqualTo(1);
    byte[] behind = java.util.Arrays.copyOf(zlib, zlib.length + 1);
    RamPages more = RamPages.of(List.of(new RamRecord.CompressedPage(block, 0, false, behind)));
    assertThatThrownBy(() -> more.forEach(new Plain()))
        .isInstanceOf(StreamException.Malformed.class);
  }

  private static byte[] deflated(byte[] page) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (var deflater = new java.util.zip.DeflaterOutputStream(out)) {
      deflater.write(page);
    }
    return out.toByteArray();
  }

  @Test
  void skippedSourceIsReadAtHeadersOnly() throws IOException {
    for (int pageSize : new int[] {4096, 16384, 65536}) {
      RecordStream stream = new RecordStream(pageSize, 500, 600, Mix.PLAIN, pageSize);
      Counting source = new Counting(stream.bytes());
      try (StreamReader in = SETTINGS.read(source)) {
        source.read = 0;
        while (in.next() != null) {}
      }
      // Slack: one short read a page, and what is doubled where zero pages follow each other.
      long most = 2 * stream.headerBytes() + 64L * stream.contents().size() + 16384;
      assertThat(source.read).as("pages of %d", pageSize).isLessThan(most);
      assertThat(most).isLessThan(stream.bytes().length / 5);
      Counting visited = new Counting(stream.bytes());
      assertSame(image(SETTINGS.read(visited)), stream.image());
      assertThat(visited.read).isGreaterThanOrEqualTo(stream.bytes().length);
    }
  }

  @Test
  void skippedSourceThatEndsInAPageIsTruncated() throws IOException {
    RecordStream stream = new RecordStream(4096, 50, 60, Mix.PLAIN, 1);
    int[] last = stream.contents().getLast();
    byte[] cut = java.util.Arrays.copyOf(stream.bytes(), last[0] + last[1] - 1);
    for (SourceKind kind : SourceKind.values()) {
      try (StreamReader in = kind.open(SETTINGS, cut)) {
        assertThatThrownBy(
                () -> {
                  while (in.next() != null) {}
                })
            .isInstanceOf(StreamException.Truncated.class)
            .extracting(e -> ((StreamException) e).streamOffset())
            .isEqualTo((long) cut.length);
      }
    }
  }

  @Test
  void sectionsSkippedAndReadInTurn() throws IOException {
    RecordStream stream = all(4096, 8);
    for (SourceKind kind : SourceKind.values()) {
      Log log = new Log();
      int section = 0;
      try (StreamReader in = kind.open(SETTINGS, stream.bytes())) {
        for (StreamElement e = in.next(); e != null; e = in.next()) {
          if (e instanceof RamSection ram && section++ % 2 == 1) {
            ram.pages().forEachRecord(log);
          }
        }
      }
      List<String> read = new ArrayList<>();
      for (int at : new int[] {0, 48, 96}) {
        read.addAll(stream.records().subList(at, at + 24));
      }
      assertThat(log.seen).isEqualTo(read);
    }
  }

  /// What a real encoder would send decodes to what it was given.
  @Property(tries = 60)
  void encoderKeepsPages(
      @ForAll @IntRange(max = 1 << 20) int seed,
      @ForAll @IntRange(min = 1, max = 20) int cachedPages)
      throws IOException {
    RecordStream stream = new RecordStream(4096, 9, 90, Mix.ALL, seed);
    Map<String, byte[]> decoded = new TreeMap<>();
    Image target = new Image(decoded, 4096);
    XbzrleEncoder encoder = new XbzrleEncoder(4096, cachedPages * 4096L);
    List<RamRecord> records = new ArrayList<>();
    Map<String, byte[]> truth = new TreeMap<>();
    Image model = new Image(truth, 4096);
    try (StreamReader in = SourceKind.PIPE.open(SETTINGS, stream.bytes())) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof RamSection ram) {
          RamPages encoded = visitor -> ram.pages().forEach(new ToPages(model, visitor));
          RamPages records2 =
              new RamPages() {
                @Override
                public void forEach(PageVisitor visitor) {
                  throw new AssertionError();
                }

                @Override
                public void forEachRecord(RamRecordVisitor visitor) throws IOException {
                  encoded.forEach(encoder.into(visitor));
                }
              };
          records.addAll(RamRecord.listOf(records2, 4096));
        }
      }
    }
    RamPages.of(records).forEach(target);
    assertSame(decoded, truth);
    assertSame(decoded, stream.image());
    if (cachedPages == 20) {
      assertThat(records).hasAtLeastOneElementOfType(RamRecord.XbzrlePage.class);
    }
  }

  /// Applies records to a model and passes the whole pages on.
  private record ToPages(Image model, PageVisitor next) implements DeltaVisitor {
    @Override
    public void page(RamBlock block, long at, MemorySegment w, long wAt) throws IOException {
      model.page(block, at, w, wAt);
      next.page(block, at, w, wAt);
    }

    @Override
    public void zeroPage(RamBlock block, long at) throws IOException {
      model.zeroPage(block, at);
      next.zeroPage(block, at);
    }

    @Override
    public void xbzrlePage(RamBlock block, long at, MemorySegment w, long wAt, int length)
        throws IOException {
      model.xbzrlePage(block, at, w, wAt, length);
      byte[] page = model.pages.get(StreamSpec.key(block.idstr(), at));
      next.page(block, at, MemorySegment.ofArray(page), 0);
    }
  }

  @Test
  void mappedFileIsReadInPlace() throws IOException {
    RecordStream stream = all(16384, 31);
    Path file = java.nio.file.Files.write(folder.resolve("s"), stream.bytes());
    try (ByteSource source = ByteSource.mapped(file)) {
      long map = source.memory().orElseThrow().address();
      boolean[] inPlace = {true};
      try (StreamReader in = SETTINGS.read(source)) {
        for (StreamElement e = in.next(); e != null; e = in.next()) {
          if (e instanceof RamSection ram) {
            ram.pages()
                .forEachRecord(
                    new Log() {
                      @Override
                      public void page(
                          RamBlock b, long at, boolean c, MemorySegment window, long windowOffset) {
                        inPlace[0] &= window.address() == map;
                      }
                    });
          }
        }
      }
      assertThat(inPlace[0]).isTrue();
    }
    assertSame(image(SETTINGS.read(ByteSource.mapped(file))), stream.image());
    try (StreamReader in = SETTINGS.read(ByteSource.mapped(file))) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      try (StreamWriter writer = MigrationStream.write(Channels.newChannel(out))) {
        writer.transform(in, StreamTransform.IDENTITY);
      }
      assertThat(out.toByteArray()).isEqualTo(stream.bytes());
    }
  }

  @Test
  void mappedFileThatIsCutIsTruncated() throws IOException {
    RecordStream stream = new RecordStream(4096, 500, 600, Mix.PLAIN, 4);
    Path file = java.nio.file.Files.write(folder.resolve("cut"), stream.bytes());
    try (StreamReader in = SETTINGS.read(ByteSource.mapped(file))) {
      in.next();
      try (var channel =
          java.nio.channels.FileChannel.open(file, java.nio.file.StandardOpenOption.WRITE)) {
        channel.truncate(8192);
      }
      assertThatThrownBy(
              () -> {
                for (StreamElement e = in.next(); e != null; e = in.next()) {
                  if (e instanceof RamSection ram) {
                    ram.pages().forEach(new Plain());
                  }
                }
              })
          .isInstanceOf(StreamException.Truncated.class)
          .hasMessageContaining("was cut");
    }
  }

  private static final class Counting implements ByteSource {
    private final ByteSource bytes;
    long read;

    Counting(byte[] bytes) {
      this.bytes = ByteSource.of(bytes);
    }

    @Override
    public long size() throws IOException {
      return bytes.size();
    }

    @Override
    public int read(long position, MemorySegment target) throws IOException {
      int got = bytes.read(position, target);
      read += got;
      return got;
    }

    @Override
    public void close() {}
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

  private static Map<String, byte[]> image(StreamReader reader) throws IOException {
    Map<String, byte[]> image = new TreeMap<>();
    try (StreamReader in = reader) {
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

  private record Image(Map<String, byte[]> pages, int pageSize) implements DeltaVisitor {
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

    @Override
    public void xbzrlePage(RamBlock block, long pageOffset, MemorySegment w, long at, int length)
        throws IOException {
      String key = StreamSpec.key(block.idstr(), pageOffset);
      byte[] page = pages.getOrDefault(key, new byte[pageSize]).clone();
      Xbzrle.decode(w, at, length, MemorySegment.ofArray(page), 0, pageSize, 0);
      pages.put(key, page);
    }
  }

  private static final class Plain implements PageVisitor {
    private final MemorySegment copy = Arena.ofAuto().allocate(4096);
    int pages;

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      MemorySegment.copy(window, windowOffset, copy, 0, 4096);
      pages++;
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {}
  }

  private static class Log implements RamRecordVisitor {
    final List<String> seen = new ArrayList<>();
    final List<Byte> fills = new ArrayList<>();

    private void note(String kind, RamBlock block, long at, boolean continued) {
      String key = StreamSpec.key(block.idstr(), at);
      seen.add(kind + " " + key + (continued ? " continued" : ""));
    }

    @Override
    public void page(RamBlock block, long at, boolean continued, MemorySegment w, long wAt) {
      note("page", block, at, continued);
    }

    @Override
    public void zeroPage(RamBlock block, long at, boolean continued, byte fill) {
      note("zero", block, at, continued);
      fills.add(fill);
    }

    @Override
    public void xbzrlePage(
        RamBlock block, long at, boolean continued, MemorySegment w, long wAt, int length) {
      note("xbzrle", block, at, continued);
    }

    @Override
    public void compressedPage(
        RamBlock block, long at, boolean continued, MemorySegment w, long wAt, int length) {
      note("compressed", block, at, continued);
    }

    @Override
    public void multifdFlush() {
      seen.add("flush");
    }
  }
}
