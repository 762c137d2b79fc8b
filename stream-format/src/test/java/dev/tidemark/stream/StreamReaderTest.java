// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.fixture.MemorySource;
import dev.tidemark.stream.fixture.PieceChannel;
import dev.tidemark.stream.fixture.SourceKind;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamPages;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StreamReaderTest {
  private static final MigrationStream SETTINGS = MigrationStream.of(TargetPageSize.detect());

  private static final String PAGE = "ab".repeat(4096);

  /// Header and configuration, as QEMU writes them.
  private static final String HEAD =
      "5145564d 00000003" // QEVM 3
          + "07 00000006 70632d312e30"; // configuration, "pc-1.0"

  private static final String START =
      "01 00000002 03 72616d 00000000 00000004" // START, id 2, "ram", instance 0, version 4
          + "0000000000003004" // MEM_SIZE of 0x3000
          + "01 61 0000000000002000" // block "a", 2 pages
          + "01 62 0000000000001000" // block "b", 1 page
          + "0000000000000010" // EOS
          + "7e 00000002"; // footer

  private static final String PARTS =
      "02 00000002" // PART, id 2
          + "0000000000001008 01 61" // PAGE at 0x1000 of "a"
          + PAGE
          + "0000000000000010 7e 00000002" // EOS, footer
          + "08 000b 0000" // SWITCHOVER_START
          + "03 00000002" // END, id 2
          + "0000000000000022 00" // ZERO at 0, continues "a" across sections
          + "0000000000000002 01 62 00" // ZERO at 0 of "b"
          + "0000000000000200" // MULTIFD_FLUSH
          + "0000000000000010 7e 00000002"; // EOS, footer

  private static final String TAIL =
      "04 00000005 01 64 00000000 00000001 cafe 7e 00000005" // FULL, id 5, "d", body, footer
          + "00" // EOF
          + "06 00000002 7b7d"; // vmdesc "{}"

  private static byte[] bytes(String... hex) {
    return HexFormat.of().parseHex(String.join("", hex).replace(" ", ""));
  }

  private static final class Log implements PageVisitor {
    final List<String> seen = new ArrayList<>();

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      seen.add("page " + block.idstr() + " " + pageOffset);
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {
      seen.add("zero " + block.idstr() + " " + pageOffset);
    }
  }

  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void elementsComeInOrder(SourceKind kind) throws IOException {
    Log log = new Log();
    List<String> elements = new ArrayList<>();
    try (StreamReader in = kind.open(SETTINGS, bytes(HEAD, START, PARTS, TAIL))) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        elements.add(e.getClass().getSimpleName() + " " + e.streamOffset());
        if (e instanceof RamSection ram) {
          ram.pages().forEach(log);
        }
      }
      assertThat(in.configuration().machineType()).isEqualTo("pc-1.0");
      assertThat(in.ramBlocks())
          .containsExactly(new RamBlock(0, "a", 8192), new RamBlock(1, "b", 4096));
      assertThat(in.targetPageSize()).isEqualTo(4096);
    }
    assertThat(log.seen).containsExactly("page a 4096", "zero a 0", "zero b 0");
    // vmdesc describes no device here, so that a seekable source gives the tail too.
    assertThat(elements)
        .containsExactly(
            "FileHeader 0",
            "Configuration 8",
            "RamSection 19",
            "RamSection 77",
            "Command 4201",
            "RamSection 4206",
            "DeviceStateTail 4252");
  }

  @Test
  void tailTellsSectionsFromVmdesc() throws IOException {
    try (StreamReader in = SETTINGS.read(PieceChannel.live(bytes(HEAD, START, PARTS, TAIL)))) {
      StreamElement last = null;
      while (!(last instanceof DeviceStateTail)) {
        last = in.next();
      }
      DeviceStateTail tail = (DeviceStateTail) last;
      assertThat(tail.vmdesc()).contains("{}");
      assertThat(tail.deviceState().sections()).hasSize(22);
      assertThat(in.next()).isNull();
    }
  }

  @Test
  void loanEndsAtTheNextElement() throws IOException {
    try (StreamReader in = SETTINGS.read(new MemorySource(bytes(HEAD, START, PARTS, TAIL)))) {
      RamPages pages = null;
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (pages != null) {
          RamPages stale = pages;
          assertThatThrownBy(() -> stale.forEach(new Log()))
              .isInstanceOf(IllegalStateException.class)
              .hasMessage("the loan of these pages has ended");
        }
        if (e instanceof RamSection ram) {
          pages = ram.pages();
        }
      }
    }
  }

  @Test
  void pagesAreReadableOnce() throws IOException {
    try (StreamReader in = SETTINGS.read(new MemorySource(bytes(HEAD, START, PARTS, TAIL)))) {
      in.next();
      in.next();
      RamSection start = (RamSection) Objects.requireNonNull(in.next());
      start.pages().forEach(new Log());
      assertThatThrownBy(() -> start.pages().forEach(new Log()))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void visitorThatThrowsLeavesTheReaderBetweenRecords() throws IOException {
    try (StreamReader in = SETTINGS.read(new MemorySource(bytes(HEAD, START, PARTS, TAIL)))) {
      in.next();
      in.next();
      in.next();
      RamSection part = (RamSection) Objects.requireNonNull(in.next());
      assertThatThrownBy(
              () ->
                  part.pages()
                      .forEach(
                          new PageVisitor() {
                            @Override
                            public void page(RamBlock b, long o, MemorySegment w, long at)
                                throws IOException {
                              throw new IOException("full");
                            }

                            @Override
                            public void zeroPage(RamBlock b, long o) {}
                          }))
          .hasMessage("full");
      assertThat(in.next()).isInstanceOf(StreamElement.Command.class);
    }
  }

  @Test
  void messagesSayWhatWhereAndIn() {
    fails("00000000 00000003", StreamException.Malformed.class, "magic 0x0 at offset 0x0 while");
    fails("5145564d 00000002", StreamException.Unsupported.class, "stream version 2 at offset 0x4");
    fails(
        HEAD + "7f",
        StreamException.Malformed.class,
        "unknown element type 0x7f at offset 0x13 while reading element type");
    fails(HEAD + "06", StreamException.Malformed.class, "element type 0x6 out of place");
    fails(HEAD, StreamException.Truncated.class, "the stream ends at offset 0x13");
    fails(
        HEAD + START + "02 00000003",
        StreamException.Malformed.class,
        "section id 0x3 that no START introduced at offset 0x4e");
    String part = HEAD + START + "02 00000002";
    fails(part + "0000000000000028", StreamException.Malformed.class, "continues no block");
    fails(part + "0000000000002008 01 61", StreamException.Malformed.class, "outside RAM block");
    fails(part + "0000000000000008 01 63", StreamException.Malformed.class, "RAM block \"c\"");
    fails(
        part + "0000000000000040 01 61 02 0000",
        StreamException.Malformed.class,
        "encoding flag 0x2 at offset 0x5c");
    fails(
        part + "0000000000000040 01 61 01 1001",
        StreamException.Malformed.class,
        "XBZRLE delta of 4097 bytes at offset 0x5d");
    fails(part + "0000000000000080", StreamException.Unsupported.class, "HOOK");
    fails(
        part + "0000000000000100 01 61 0000100f",
        StreamException.Malformed.class,
        "compressed page of 4111 bytes at offset 0x5c");
    fails(part + "0000000000000018", StreamException.Malformed.class, "record 0x18");
    fails(part + "0000000000000010 7e 00000003", StreamException.Malformed.class, "id 0x3 instead");
    fails(HEAD + "08 000c 0000", StreamException.Malformed.class, "unknown command 0xc");
    fails(
        HEAD + "01 00000001 05 64697274 79 00000000 00000001",
        StreamException.Unsupported.class,
        "live section \"dirty\"");
    fails(
        HEAD + "04 00000001 01 64 00000000 00000001",
        StreamException.Unsupported.class,
        "device section \"d\" before RAM");
  }

  private static void fails(String hex, Class<? extends StreamException> type, String message) {
    assertThatThrownBy(
            () -> {
              try (StreamReader in = SETTINGS.read(new MemorySource(bytes(hex)))) {
                while (in.next() != null) {}
              }
            })
        .isInstanceOf(type)
        .hasMessageContaining(message);
  }
}
