// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static dev.tidemark.stream.fixture.Hex.HEAD;
import static dev.tidemark.stream.fixture.Hex.RAM_END;
import static dev.tidemark.stream.fixture.Hex.RAM_PART;
import static dev.tidemark.stream.fixture.Hex.RAM_START;
import static dev.tidemark.stream.fixture.Hex.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamElement.EndOfFile;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamException.Malformed;
import dev.tidemark.stream.StreamException.Truncated;
import dev.tidemark.stream.command.MigrationCommand;
import dev.tidemark.stream.command.ReturnPathMessage;
import dev.tidemark.stream.command.ReturnPathReader;
import dev.tidemark.stream.command.ReturnPathWriter;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.CorpusStream;
import dev.tidemark.stream.fixture.MemorySource;
import dev.tidemark.stream.fixture.PieceChannel;
import dev.tidemark.stream.fixture.SourceKind;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamPages;
import dev.tidemark.stream.ram.RamRecord;
import dev.tidemark.stream.ram.RamRecordVisitor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// What goes over the other connections of a postcopy, and against the stream's direction.
class PostcopyConnectionsTest {
  private static final String RECOVERED = "pc-10.0-postcopy-recovery";
  private static final String PREEMPTED = "pc-10.0-postcopy-preempt";
  private static final MigrationStream SETTINGS =
      MigrationStream.of(TargetPageSize.detect()).withWindow(128 << 10);
  private static final int PAGE = 4096;

  /// Of page contents every so many bytes are damaged; of all else, each.
  private static final int STRIDE = 97;

  static Stream<Arguments> returnPaths() {
    return Corpus.entries().stream()
        .flatMap(
            e ->
                e.files().stream()
                    .filter(file -> file.endsWith("return"))
                    .map(file -> Arguments.of(e.name(), file)));
  }

  @ParameterizedTest
  @MethodSource("returnPaths")
  void returnPathIsWrittenAsItWasRead(String name, String file) throws IOException {
    byte[] bytes = Corpus.bytes(name, file);
    for (SourceKind kind : SourceKind.values()) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      try (ReturnPathReader in = new ReturnPathReader(kind.channel(bytes), StreamLimits.DEFAULT);
          ReturnPathWriter writer = new ReturnPathWriter(Channels.newChannel(out))) {
        for (ReturnPathMessage m = in.next(); m != null; m = in.next()) {
          writer.write(m);
        }
      }
      assertThat(out.toByteArray()).isEqualTo(bytes);
    }
  }

  /// The main connection up to where it ends or breaks off.
  private static StreamReader afterMain(String name) throws IOException {
    CorpusStream stream = CorpusStream.of(name);
    StreamReader in = stream.open(SourceKind.SEEKABLE);
    stream.elements(in);
    return in;
  }

  private static StreamReader resumed(StreamReader main, SourceKind kind, byte[] bytes) {
    return kind == SourceKind.SEEKABLE
        ? main.resumed(new MemorySource(bytes))
        : main.resumed(kind.channel(bytes));
  }

  private static PreemptReader preempt(StreamReader main, SourceKind kind, byte[] bytes) {
    return kind == SourceKind.SEEKABLE
        ? main.preempt(new MemorySource(bytes))
        : main.preempt(kind.channel(bytes));
  }

  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void recoveryIsReadAsQemuSendsIt(SourceKind kind) throws IOException {
    StreamReader main = afterMain(RECOVERED);
    List<MigrationCommand> commands = new ArrayList<>();
    Set<String> sections = new TreeSet<>();
    StreamElement last = null;
    int pages = 0;
    try (StreamReader in = resumed(main, kind, Corpus.bytes(RECOVERED, "recovery"))) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        last = e;
        if (e instanceof Command command) {
          commands.add(MigrationCommand.decode(command));
        } else if (e instanceof RamSection ram) {
          sections.add(ram.header().idstr());
          assertThat(ram.blockList()).isEmpty();
          pages += RamRecord.listOf(ram.pages(), in.targetPageSize()).size();
        }
      }
      assertThat(in.ramBlocks()).isEqualTo(main.ramBlocks());
      assertThat(in.configuration()).isEqualTo(main.configuration());
    }
    List<MigrationCommand> expected = new ArrayList<>();
    for (RamBlock block : main.ramBlocks()) {
      expected.add(new MigrationCommand.ReceivedBitmapRequest(block.idstr()));
    }
    expected.add(new MigrationCommand.PostcopyResume());
    assertThat(commands).containsExactlyInAnyOrderElementsOf(expected);
    assertThat(commands.getLast()).isEqualTo(new MigrationCommand.PostcopyResume());
    assertThat(sections).containsExactly("ram");
    assertThat(pages).isGreaterThan(20);
    assertThat(last).isInstanceOf(EndOfFile.class);
  }

  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void recoveryIsWrittenAsItWasRead(SourceKind kind) throws IOException {
    byte[] bytes = Corpus.bytes(RECOVERED, "recovery");
    StreamTransform rebuilt =
        (out, e) -> {
          switch (e) {
            case Command command -> out.with(MigrationCommand.decode(command).encode());
            case RamSection(_, var phase, var header, var list, var pages) ->
                out.with(
                    new RamSection(
                        0, phase, header, list, RamPages.of(RamRecord.listOf(pages, PAGE))));
            case EndOfFile _ -> out.with(new EndOfFile(0));
            default -> throw new AssertionError(e);
          }
        };
    for (StreamTransform how : List.of(StreamTransform.IDENTITY, rebuilt)) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      try (StreamReader in = resumed(afterMain(RECOVERED), kind, bytes);
          StreamWriter writer = MigrationStream.write(Channels.newChannel(out))) {
        writer.transform(in, how);
      }
      assertThat(out.toByteArray()).isEqualTo(bytes);
    }
  }

  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void preemptIsWrittenAsItWasRead(SourceKind kind) throws IOException {
    StreamReader main = afterMain(PREEMPTED);
    byte[] bytes = Corpus.bytes(PREEMPTED, "preempt");
    byte[] ended = Arrays.copyOf(bytes, bytes.length + 8);
    ended[ended.length - 1] = 0x10;
    for (byte[] connection : List.of(bytes, ended)) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ByteArrayOutputStream rebuilt = new ByteArrayOutputStream();
      try (PreemptReader in = preempt(main, kind, connection);
          PreemptReader again = preempt(main, kind, connection);
          StreamWriter writer = MigrationStream.write(Channels.newChannel(out));
          StreamWriter second = MigrationStream.write(Channels.newChannel(rebuilt))) {
        copy(in, in, writer);
        List<RamRecord> records = RamRecord.listOf(again, PAGE);
        assertThat(records).hasSize(112).hasOnlyElementsOfType(RamRecord.Page.class);
        copy(again, RamPages.of(records), second);
        assertThat(in.streamOffset()).isEqualTo(connection.length);
      }
      assertThat(out.toByteArray()).isEqualTo(connection);
      assertThat(rebuilt.toByteArray()).isEqualTo(connection);
    }
  }

  private static void copy(PreemptReader of, RamPages pages, StreamWriter out) throws IOException {
    StreamWriter.RamSectionWriter writer = out.beginPreempt();
    pages.forEachRecord(writer);
    if (of.hasReadEos()) {
      writer.end();
    }
  }

  /// In postcopy no page is sent twice: what the destination asked for is not on the main one too.
  @Test
  void pagesComeOverOneOfTheConnections() throws IOException {
    Set<String> seen = new TreeSet<>();
    boolean[] running = {false};
    PageVisitor visitor =
        new PageVisitor() {
          @Override
          public void page(RamBlock block, long pageOffset, MemorySegment window, long at) {
            if (running[0]) {
              assertThat(seen.add(block.idstr() + "@" + pageOffset)).isTrue();
            }
          }

          @Override
          public void zeroPage(RamBlock block, long pageOffset) {
            page(block, pageOffset, MemorySegment.NULL, 0);
          }
        };
    try (StreamReader main = CorpusStream.of(PREEMPTED).open(SourceKind.PIPE)) {
      for (StreamElement e = main.next(); e != null; e = main.next()) {
        running[0] |= e instanceof StreamElement.PackagedStream;
        if (e instanceof RamSection ram) {
          ram.pages().forEach(visitor);
        }
      }
      int overMain = seen.size();
      try (PreemptReader in = preempt(main, SourceKind.PIPE, Corpus.bytes(PREEMPTED, "preempt"))) {
        in.forEach(visitor);
      }
      assertThat(seen).hasSize(overMain + 112);
    }
  }

  /// Nothing is waited for behind EOS: the source may keep the connection.
  @Test
  void livePreemptEndsWithEos() throws IOException {
    try (StreamReader main = small();
        PreemptReader in =
            main.preempt(PieceChannel.live(bytes("0000000000000002 01 61 00 0000000000000010")))) {
      in.forEachRecord(new Count());
      assertThat(in.hasReadEos()).isTrue();
    }
  }

  private static StreamReader small() throws IOException {
    StreamReader main = SETTINGS.read(new MemorySource(bytes(HEAD, RAM_START, RAM_PART)));
    for (int i = 0; i < 4; i++) {
      assertThat(main.next()).isNotNull();
    }
    return main;
  }

  @Test
  void preemptIsReadOnce() throws IOException {
    try (StreamReader main = small();
        PreemptReader in = main.preempt(new MemorySource(new byte[0]))) {
      in.forEachRecord(new Count());
      assertThat(in.hasReadEos()).isFalse();
      assertThatThrownBy(() -> in.forEachRecord(new Count()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("these pages have been read");
      PreemptReader closed = main.preempt(new MemorySource(new byte[0]));
      closed.close();
      assertThatThrownBy(() -> closed.forEachRecord(new Count()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the loan of these pages has ended");
    }
  }

  @Test
  void withoutBlocksThereAreNoOtherConnections() throws IOException {
    try (StreamReader main = SETTINGS.read(new MemorySource(bytes(HEAD, RAM_START)))) {
      main.next();
      assertThatThrownBy(() -> main.resumed(new MemorySource(new byte[0])))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("no RAM START with records has been read");
      assertThatThrownBy(() -> main.preempt(new MemorySource(new byte[0])))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  /// A destination remembers the block of the main connection, and none of the preempting one.
  @Test
  void whatContinues() throws IOException {
    String part = "02 00000002 0000000000000022 00 0000000000000010 7e 00000002 00";
    try (StreamReader main = small()) {
      assertThatThrownBy(main::next).isInstanceOf(Truncated.class);
      try (StreamReader in = main.resumed(new MemorySource(bytes(part)))) {
        RamSection ram = (RamSection) Objects.requireNonNull(in.next());
        assertThat(RamRecord.listOf(ram.pages(), PAGE)).hasSize(1);
        assertThat(in.next()).isInstanceOf(EndOfFile.class);
        assertThat(in.next()).isNull();
      }
      assertThatThrownBy(
              () ->
                  main.preempt(new MemorySource(bytes("0000000000000022 00")))
                      .forEachRecord(new Count()))
          .isInstanceOf(Malformed.class)
          .hasMessageContaining("record continues no block at offset 0x0");
    }
  }

  @Test
  void whatDoesNotBelongThereIsRefused() throws IOException {
    fails("5145564d 00000003", false, "unknown element type 0x51 at offset 0x0");
    fails("03 00000003", false, "section id 0x3 that no START introduced at offset 0x1");
    fails(RAM_START, false, "a second START of section id 0x2 at offset 0x1");
    fails("00 07", false, "element type 0x7 behind the end of the sections at offset 0x1");
    fails(RAM_END, false, "the stream ends at offset 0x" + hexLength(RAM_END));
    fails("0000000000000002 01 62 00", true, "unknown RAM block \"b\" at offset 0x8");
    fails("0000000000000004", true, "record 0x4 at offset 0x0");
    fails("0000000000000010 00", true, "bytes behind the end of the records at offset 0x8");
    fails("00000000", true, "the stream ends at offset 0x4");
    fails("0000000000000002 01 61", true, "the stream ends at offset 0xa");
  }

  private static String hexLength(String hex) {
    return Integer.toHexString(bytes(hex).length);
  }

  private static void fails(String hex, boolean preempt, String message) throws IOException {
    for (SourceKind kind : new SourceKind[] {SourceKind.SEEKABLE, SourceKind.PIPE}) {
      if (kind == SourceKind.PIPE && message.contains("behind the end of the sections")) {
        // There nothing is waited for, and so nothing is looked at.
        continue;
      }
      try (StreamReader main = small()) {
        assertThatThrownBy(() -> read(main, preempt, kind, bytes(hex)))
            .isInstanceOf(StreamException.class)
            .hasMessageContaining(message);
      }
    }
  }

  /// Reads all, and sees every record.
  private static void read(StreamReader main, boolean preempt, SourceKind kind, byte[] bytes)
      throws IOException {
    if (preempt) {
      try (PreemptReader in = preempt(main, kind, bytes)) {
        in.forEachRecord(new Count());
      }
      return;
    }
    try (StreamReader in = resumed(main, kind, bytes)) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof RamSection ram) {
          ram.pages().forEachRecord(new Count());
        }
      }
    }
  }

  static Stream<Arguments> connections() {
    return Stream.of(
        Arguments.of(RECOVERED, "recovery", false), Arguments.of(PREEMPTED, "preempt", true));
  }

  /// Cut anywhere: our exception at the cut. Where a record ends, preempt may end as well, and
  /// recovery behind its EOF.
  @ParameterizedTest
  @MethodSource("connections")
  void everyPrefix(String name, String file, boolean preempt) throws IOException {
    try (StreamReader main = afterMain(name)) {
      MemorySegment whole = nativeCopy(Corpus.bytes(name, file));
      int read = 0;
      for (int length = 0; length < whole.byteSize(); length++) {
        read += parses(main, preempt, whole.asSlice(0, length), length) ? 1 : 0;
      }
      assertThat(read).isEqualTo(preempt ? 112 : 0);
    }
  }

  /// Any byte changed: our exception at an offset inside, or other pages.
  @ParameterizedTest
  @MethodSource("connections")
  void everyByteFlipped(String name, String file, boolean preempt) throws IOException {
    try (StreamReader main = afterMain(name)) {
      byte[] bytes = Corpus.bytes(name, file);
      MemorySegment damaged = nativeCopy(bytes);
      boolean[] content = contents(main, preempt, bytes);
      for (int at = 0; at < bytes.length; at++) {
        if (content[at] && at % STRIDE != 0) {
          continue;
        }
        for (int flip : content[at] ? new int[] {0xff} : new int[] {0x01, 0x10, 0x80, 0xff}) {
          damaged.set(ValueLayout.JAVA_BYTE, at, (byte) (bytes[at] ^ flip));
          boolean parsed = parses(main, preempt, damaged, -1);
          assertThat(parsed || !content[at]).as("page content at 0x%x", at).isTrue();
        }
        damaged.set(ValueLayout.JAVA_BYTE, at, bytes[at]);
      }
    }
  }

  private static MemorySegment nativeCopy(byte[] bytes) {
    return Arena.ofAuto().allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
  }

  /// Whether it is read; else the exception is ours and lies inside, or at `cut`.
  private static boolean parses(StreamReader main, boolean preempt, MemorySegment bytes, int cut)
      throws IOException {
    ByteSource source = ByteSource.of(bytes);
    try {
      if (preempt) {
        main.preempt(source).forEachRecord(new Count());
      } else {
        StreamReader in = main.resumed(source);
        while (in.next() != null) {}
      }
      return true;
    } catch (StreamException e) {
      assertThat(e.streamOffset()).isBetween(0L, bytes.byteSize());
      if (cut >= 0) {
        assertThat(e).isInstanceOf(Truncated.class);
        assertThat(e.streamOffset()).isEqualTo(cut);
      }
      return false;
    }
  }

  private static boolean[] contents(StreamReader main, boolean preempt, byte[] bytes)
      throws IOException {
    boolean[] content = new boolean[bytes.length];
    // In memory a window offset is an offset in the connection.
    ByteSource source = ByteSource.of(nativeCopy(bytes));
    Count marking =
        new Count() {
          @Override
          public void page(RamBlock b, long o, boolean c, MemorySegment window, long at) {
            Arrays.fill(content, (int) at, (int) at + PAGE, true);
          }
        };
    if (preempt) {
      main.preempt(source).forEachRecord(marking);
    } else {
      StreamReader in = main.resumed(source);
      for (@Nullable StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof RamSection ram) {
          ram.pages().forEachRecord(marking);
        }
      }
    }
    return content;
  }

  /// Takes all records.
  private static class Count implements RamRecordVisitor {
    @Override
    public void page(RamBlock b, long o, boolean c, MemorySegment window, long at) {}

    @Override
    public void zeroPage(RamBlock b, long o, boolean c, byte fill) {}

    @Override
    public void xbzrlePage(RamBlock b, long o, boolean c, MemorySegment w, long at, int length) {}

    @Override
    public void compressedPage(
        RamBlock b, long o, boolean c, MemorySegment w, long at, int length) {}

    @Override
    public void multifdFlush() {}
  }
}
