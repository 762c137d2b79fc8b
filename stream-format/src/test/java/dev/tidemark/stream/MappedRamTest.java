// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static dev.tidemark.stream.fixture.Hex.bytes;
import static dev.tidemark.stream.fixture.Hex.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamElement.RamSection.Phase;
import dev.tidemark.stream.fixture.MemorySource;
import dev.tidemark.stream.fixture.PieceChannel;
import dev.tidemark.stream.fixture.SourceKind;
import dev.tidemark.stream.ram.MappedRam;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import dev.tidemark.stream.ram.RamPages;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Streams whose block list jumps over bitmaps and pages.
class MappedRamTest {
  private static final MigrationStream SETTINGS =
      MigrationStream.of(TargetPageSize.detect()).withWindow(128 << 10);
  private static final int PAGE = 4096;
  private static final int MIB = 1 << 20;

  private static final String HEAD =
      "5145564d 00000003 07 00000006 70632d312e30 05"
          + name("configuration/capabilities")
          + "00000001 00000001"
          + name("mapped-ram");

  private static final String START = "01 00000002 03 72616d 00000000 00000004";

  private static final String BEHIND =
      "0000000000000010 7e 00000002" // EOS of START, footer
          + "02 00000002 0000000000000010 7e 00000002" // PART
          + "03 00000002 0000000000000010 7e 00000002" // END
          + "00"; // EOF

  /// A file that has a stream from `start` on, made by the format's own words.
  private record MappedFile(byte[] bytes, int start, Map<String, byte[]> pages, long[] touchable) {
    byte[] stream() {
      return Arrays.copyOfRange(bytes, start, bytes.length);
    }
  }

  /// Two blocks, of 300 pages and of 70. `seed` chooses the stored ones, a third of them.
  private static MappedFile file(int start, int seed) {
    Random random = new Random(seed);
    Map<String, byte[]> pages = new TreeMap<>();
    ByteBuffer out = ByteBuffer.allocate(8 * MIB).position(start);
    out.put(bytes(HEAD, START)).putLong(370L * PAGE | 4);
    BitSet touchable = new BitSet();
    for (int block = 0; block < 2; block++) {
      int count = block == 0 ? 300 : 70;
      touchable.set(out.position() - Math.min(out.position(), PAGE), out.position() + 3 * PAGE);
      out.put(bytes(name("b" + block))).putLong((long) count * PAGE);
      int bitmapAt = out.position() + 28;
      int words = (count + 63) / 64;
      int pagesAt = (bitmapAt + words * 8 + MIB - 1) / MIB * MIB;
      out.putInt(1).putLong(PAGE).putLong(bitmapAt).putLong(pagesAt);
      for (int page = 0; page < count; page++) {
        if (random.nextInt(3) == 0) {
          int at = bitmapAt + page / 8;
          out.put(at, (byte) (out.get(at) | 1 << page % 8));
          byte[] content = new byte[PAGE];
          random.nextBytes(content);
          out.put(pagesAt + page * PAGE, content);
          pages.put("b" + block + " " + page, content);
        }
      }
      out.position(pagesAt + count * PAGE);
    }
    out.put(bytes(BEHIND));
    byte[] bytes = Arrays.copyOf(out.array(), out.position());
    touchable.set(bytes.length - PAGE, bytes.length);
    return new MappedFile(bytes, start, pages, touchable.toLongArray());
  }

  private static StreamReader open(SourceKind kind, MappedFile file) throws IOException {
    return switch (kind) {
      case SEEKABLE -> SETTINGS.read(new MemorySource(file.bytes()), file.start());
      case PIPE -> SETTINGS.read(PieceChannel.ofSize(file.stream(), MIB), file.start());
      case SHORT_READS -> SETTINGS.read(PieceChannel.ofSize(file.stream(), 5099), file.start());
      case ONE_BYTE_AT_A_TIME -> SETTINGS.read(PieceChannel.ofSize(file.stream(), 1), file.start());
    };
  }

  private static final class Collected implements PageVisitor {
    final Map<String, byte[]> pages = new TreeMap<>();

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      byte[] content = window.asSlice(windowOffset, PAGE).toArray(ValueLayout.JAVA_BYTE);
      assertThat(pages.put(block.idstr() + " " + pageOffset / PAGE, content)).isNull();
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {
      throw new AssertionError("a page that is not stored");
    }
  }

  private static void assertSame(Map<String, byte[]> actual, Map<String, byte[]> expected) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    expected.forEach((page, content) -> assertThat(actual.get(page)).as(page).isEqualTo(content));
  }

  private static Map<String, byte[]> pages(StreamReader in) throws IOException {
    Collected collected = new Collected();
    for (StreamElement e = in.next(); e != null; e = in.next()) {
      if (e instanceof RamSection ram) {
        ram.pages().forEach(collected);
      }
    }
    return collected.pages;
  }

  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void storedPagesAreDelivered(SourceKind kind) throws IOException {
    for (int start : new int[] {0, 12345}) {
      MappedFile file = file(start, 1);
      try (StreamReader in = open(kind, file)) {
        assertSame(pages(in), file.pages());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void entriesSayWhereThePagesStand(SourceKind kind) throws IOException {
    try (StreamReader in = open(kind, file(12345, 1))) {
      StreamElement e = in.next();
      while (!(e instanceof RamSection)) {
        e = in.next();
      }
      assertThat(((RamSection) e).blockList().getFirst().mappedRam())
          .contains(new MappedRam(12345 + 0x66 + 28, MIB));
    }
  }

  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void pagesCanBeVisitedAgainUntilTheNextElement(SourceKind kind) throws IOException {
    MappedFile file = file(0, 2);
    try (StreamReader in = open(kind, file)) {
      StreamElement e = in.next();
      while (!(e instanceof RamSection)) {
        e = in.next();
      }
      RamPages pages = ((RamSection) e).pages();
      for (int i = 0; i < 2; i++) {
        Collected collected = new Collected();
        pages.forEach(collected);
        assertSame(collected.pages, file.pages());
      }
      in.next();
      assertThatThrownBy(() -> pages.forEach(new Collected()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the loan of these pages has ended");
    }
  }

  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void writtenAsReadCopiedOrAnew(SourceKind kind) throws IOException {
    for (int start : new int[] {0, 12345}) {
      MappedFile file = file(start, 3);
      for (StreamTransform how :
          List.of(StreamTransform.IDENTITY, StreamTransform.reencodingRam())) {
        try (StreamReader in = open(kind, file)) {
          assertThat(written(in, start, how)).isEqualTo(file.stream());
        }
      }
    }
  }

  /// Elsewhere in its file the headers say other places, and all pages are there.
  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void movedStreamHoldsTheSamePages(SourceKind kind) throws IOException {
    MappedFile file = file(0, 4);
    for (int start : new int[] {1, 5000, 3 * MIB}) {
      byte[] moved;
      try (StreamReader in = open(kind, file)) {
        moved = written(in, start, StreamTransform.IDENTITY);
      }
      byte[] whole = new byte[start + moved.length];
      System.arraycopy(moved, 0, whole, start, moved.length);
      try (StreamReader in = SETTINGS.read(new MemorySource(whole), start)) {
        assertSame(pages(in), file.pages());
      }
    }
  }

  private static byte[] written(StreamReader in, int start, StreamTransform how)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (StreamWriter writer = MigrationStream.write(Channels.newChannel(out)).fileOffset(start)) {
      writer.transform(in, how);
    }
    return out.toByteArray();
  }

  @Test
  void bytesOfPagesThatAreNotStoredAreCopiedTooButNotDelivered() throws IOException {
    MappedFile file = file(0, 5);
    byte[] stale = file.bytes();
    int page = 0;
    while (file.pages().containsKey("b0 " + page)) {
      page++;
    }
    Arrays.fill(stale, MIB + page * PAGE, MIB + (page + 1) * PAGE, (byte) 0x5a);
    // And what is in the gap before the pages.
    stale[MIB - 1] = 0x77;
    for (SourceKind kind : SourceKind.values()) {
      try (StreamReader in = open(kind, file)) {
        assertThat(written(in, 0, StreamTransform.IDENTITY)).isEqualTo(stale);
      }
      try (StreamReader in = open(kind, file)) {
        assertSame(pages(in), file.pages());
      }
    }
  }

  /// Remembers which bytes were read.
  private record Watched(byte[] bytes, BitSet touched) implements ByteSource {
    @Override
    public long size() {
      return bytes.length;
    }

    @Override
    public int read(long position, MemorySegment target) {
      int count = new MemorySource(bytes).read(position, target);
      touched.set((int) position, (int) position + count);
      return count;
    }

    @Override
    public void close() {}
  }

  @Test
  void skippingTouchesNeitherPagesNorBitmaps() throws IOException {
    MappedFile file = file(0, 6);
    Watched source = new Watched(file.bytes(), new BitSet());
    int elements = 0;
    try (StreamReader in = SETTINGS.read(source)) {
      while (in.next() != null) {
        elements++;
      }
    }
    assertThat(elements).isEqualTo(6);
    BitSet outside = (BitSet) source.touched().clone();
    // The search for vmdesc looks at the end of the file, however it is made.
    outside.clear(file.bytes().length - (256 << 10), file.bytes().length);
    outside.andNot(BitSet.valueOf(file.touchable()));
    assertThat(outside.isEmpty()).as("touched: %s", outside).isTrue();
  }

  @Test
  void pipedContentIsBounded() throws IOException {
    MappedFile file = file(0, 7);
    long needed = file.pages().size() * (long) PAGE;
    MigrationStream enough =
        SETTINGS.withLimits(StreamLimits.DEFAULT.withPipedRamBytes(needed + 16 * PAGE));
    try (StreamReader in = enough.read(PieceChannel.ofSize(file.stream(), MIB))) {
      assertSame(pages(in), file.pages());
    }
    MigrationStream less =
        SETTINGS.withLimits(StreamLimits.DEFAULT.withPipedRamBytes(needed - PAGE));
    try (StreamReader in = less.read(PieceChannel.ofSize(file.stream(), MIB))) {
      assertThatThrownBy(() -> pages(in))
          .isInstanceOf(StreamException.LimitExceeded.class)
          .hasMessageContaining("bytes of mapped-ram content on a pipe");
    }
    try (StreamReader in = less.read(new MemorySource(file.bytes()))) {
      assertSame(pages(in), file.pages());
    }
  }

  @Test
  void headersOfAnotherFormAreRefused() {
    String block = START + "0000000000001004 01 61 0000000000001000";
    String size = "0000000000001000";
    fails(block + "00000002", StreamException.Unsupported.class, "header version 2 at offset 0x65");
    fails(
        block + "00000001 0000000000002000",
        StreamException.Malformed.class,
        "page size 0x2000 instead of 0x1000 at offset 0x69");
    fails(
        block + "00000001" + size + "0000000000000081 0000000000100800",
        StreamException.Malformed.class,
        "pages at 0x100800 at offset 0x79");
    fails(
        block + "00000001" + size + "0000000000000081 8000000000000000",
        StreamException.Malformed.class,
        "pages at 0x8000000000000000 at offset 0x79");
    fails(
        block + "00000001" + size + "0000000000000010 0000000000100000",
        StreamException.Unsupported.class,
        "bitmap at 0x10, not before its pages at offset 0x71");
    fails(
        block + "00000001" + size + "00000000000ffffc 0000000000100000",
        StreamException.Unsupported.class,
        "bitmap at 0xffffc, not before its pages at offset 0x71");
    fails(
        block + "00000001" + size + "0000000000000081 0000000000100000",
        StreamException.Truncated.class,
        "the stream ends at offset 0x81");
    fails(
        block + "00000001" + size + "0000000000000081 1000000000000000",
        StreamException.Truncated.class,
        "the stream ends at offset 0x81");
    fails(
        "08 0003 0010 0000000000001000 0000000000001000" + block,
        StreamException.Unsupported.class,
        "mapped-ram together with postcopy");
  }

  private static void fails(String hex, Class<? extends StreamException> type, String message) {
    for (SourceKind kind : SourceKind.values()) {
      assertThatThrownBy(
              () -> {
                try (StreamReader in = kind.open(SETTINGS, bytes(HEAD, hex))) {
                  pages(in);
                }
              })
          .as(kind.name())
          .isInstanceOf(type)
          .hasMessageContaining(message);
    }
  }

  @Test
  void recordsInLaterSectionsAreRefused() {
    MappedFile file = file(0, 8);
    byte[] damaged = file.bytes().clone();
    // The word of PART: EOF, END (18 bytes), footer (5) and 8 bytes before the end.
    int word = damaged.length - 1 - 18 - 5 - 8;
    damaged[word + 7] = 0x22;
    assertThatThrownBy(
            () -> {
              try (StreamReader in = SETTINGS.read(new MemorySource(damaged))) {
                pages(in);
              }
            })
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageContaining(
            "record 0x22 in a mapped-ram stream at offset 0x" + Integer.toHexString(word));
  }

  @Property(tries = 300)
  void anyDamageIsRefusedOrRead(
      @ForAll @IntRange(min = 0, max = 400) int at, @ForAll byte value, @ForAll boolean second)
      throws IOException {
    MappedFile file = file(0, 9);
    byte[] damaged = file.bytes().clone();
    // Around the first block's header and bitmap, or the second's.
    damaged[second ? MIB + 300 * PAGE + at : at] = value;
    for (SourceKind kind : List.of(SourceKind.SEEKABLE, SourceKind.PIPE)) {
      try (StreamReader in = kind.open(SETTINGS, damaged)) {
        for (StreamElement e = in.next(); e != null; e = in.next()) {
          if (e instanceof RamSection ram) {
            ram.pages()
                .forEach(
                    new PageVisitor() {
                      @Override
                      public void page(RamBlock b, long o, MemorySegment w, long from) {}

                      @Override
                      public void zeroPage(RamBlock b, long o) {}
                    });
          }
        }
      } catch (StreamException e) {
        assertThat(e.streamOffset()).isBetween(0L, (long) damaged.length);
      }
    }
  }

  private static final RamBlock BLOCK = new RamBlock(0, "a", 3L * PAGE);

  private static RamSection byHand(RamPages pages) {
    RamBlockEntry entry =
        new RamBlockEntry(
            BLOCK, OptionalLong.empty(), OptionalLong.empty(), Optional.of(new MappedRam(0, 0)));
    return new RamSection(0, Phase.START, SectionHeader.ram(2), List.of(entry), pages);
  }

  private static byte[] writtenByHand(RamPages pages) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (StreamWriter writer = MigrationStream.write(Channels.newChannel(out))) {
      writer.raw(MemorySegment.ofArray(bytes(HEAD)));
      writer.with(byHand(pages));
    }
    return out.toByteArray();
  }

  @Test
  void byHandTheWriterChoosesThePlaces() throws IOException {
    MemorySegment content = MemorySegment.ofArray(new byte[PAGE]).fill((byte) 0x42);
    byte[] made =
        writtenByHand(
            visitor -> {
              visitor.zeroPage(BLOCK, 0);
              visitor.page(BLOCK, 2L * PAGE, content, 0);
            });
    byte[] list =
        bytes(
            HEAD,
            START,
            "0000000000003004 01 61 0000000000003000",
            "00000001 0000000000001000 0000000000000081 0000000000100000",
            "0400000000000000"); // bitmap: the third page
    assertThat(Arrays.copyOf(made, list.length)).isEqualTo(list);
    assertThat(made).hasSize(MIB + 3 * PAGE + 8 + 5);
    assertThat(Arrays.copyOfRange(made, MIB + 2 * PAGE, MIB + 3 * PAGE)).containsOnly(0x42);
    for (int i = list.length; i < MIB + 2 * PAGE; i++) {
      assertThat(made[i]).isZero();
    }
  }

  @Test
  void pagesThatComeOtherwiseAreRefused() {
    MemorySegment content = MemorySegment.ofArray(new byte[PAGE]).fill((byte) 0x42);
    assertThatThrownBy(
            () ->
                writtenByHand(
                    visitor -> {
                      visitor.page(BLOCK, PAGE, content, 0);
                      visitor.page(BLOCK, 0, content, 0);
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("behind a later one");
    int[] visits = {0};
    assertThatThrownBy(
            () -> writtenByHand(v -> v.page(BLOCK, (long) PAGE * visits[0]++, content, 0)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("pages that differ from one visit to the next");
    assertThatThrownBy(() -> writtenByHand(v -> v.page(BLOCK, 3L * PAGE, content, 0)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /// Read as a stream it would lose that pages which are not stored are zero.
  @Test
  void whatIsNotStoredIsZeroInACheckpoint() throws IOException {
    for (int start : new int[] {0, 12345}) {
      MappedFile file = file(start, 1);
      try (StreamCheckpoint checkpoint =
          StreamCheckpoint.open(SETTINGS, new MemorySource(file.bytes()), start)) {
        byte[] page = new byte[PAGE];
        for (RamBlock block : checkpoint.ramBlocks()) {
          for (long at = 0; at < block.usedLength(); at += PAGE) {
            PageKind kind = checkpoint.readPage(block, at, MemorySegment.ofArray(page));
            byte[] stored = file.pages().get(block.idstr() + " " + at / PAGE);
            assertThat(kind).isEqualTo(stored == null ? PageKind.ZERO : PageKind.DATA);
            assertThat(page).isEqualTo(stored == null ? new byte[PAGE] : stored);
          }
        }
      }
    }
  }
}
