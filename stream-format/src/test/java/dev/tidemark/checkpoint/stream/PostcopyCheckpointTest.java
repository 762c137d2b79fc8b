// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.stream;

import static dev.tidemark.stream.fixture.Hex.DEVICE;
import static dev.tidemark.stream.fixture.Hex.HEAD;
import static dev.tidemark.stream.fixture.Hex.RAM_END;
import static dev.tidemark.stream.fixture.Hex.RAM_PART;
import static dev.tidemark.stream.fixture.Hex.RAM_START;
import static dev.tidemark.stream.fixture.Hex.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamElement.PackagedStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.command.MigrationCommand;
import dev.tidemark.stream.command.MigrationCommand.PostcopyRamDiscard;
import dev.tidemark.stream.command.MigrationCommand.Range;
import dev.tidemark.stream.fixture.MemorySource;
import dev.tidemark.stream.ram.RamBlock;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Postcopy: discarded pages come again, device state comes in a package.
class PostcopyCheckpointTest {
  private static final int PAGE = 4096;
  private static final String ADVISE = "08 0003 0010 0000000000001000 0000000000001000";
  private static final String LISTEN = "08 0004 0000";
  private static final String PING = "08 0002 0004 00000003";
  private static final String RUN = "08 0005 0000";
  private static final RamBlock BLOCK = new RamBlock(0, "a", 2 * PAGE);

  private static String packaged(String content) {
    return String.format("08 0007 0004 %08x", bytes(content).length) + content;
  }

  private static String discard(long start, long length) {
    return String.format("08 0006 0014 00 01 61 00 %016x %016x", start, length);
  }

  /// A PART with the second page, full of one byte.
  private static String content(int fill) {
    return "02 00000002 0000000000001008 01 61"
        + String.format("%02x", fill).repeat(PAGE)
        + "0000000000000010 7e 00000002";
  }

  private static byte[] stream(String... behindStart) {
    return bytes(HEAD, ADVISE, RAM_START, String.join("", behindStart));
  }

  private static byte[] onePass(byte[] stream) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (StreamCheckpointStream in =
        StreamCheckpointStream.open(
            MigrationStream.of(TargetPageSize.detect()), new MemorySource(stream))) {
      CheckpointStreamWriter.write(
          in, Channels.newChannel(out), CheckpointStreamWriter.Options.DEFAULT);
    }
    return out.toByteArray();
  }

  @Test
  void thePageSentAfterItsDiscardWins() throws IOException {
    byte[] stream =
        stream(
            RAM_PART,
            content(1),
            discard(PAGE, PAGE),
            packaged(LISTEN + DEVICE + PING + RUN),
            content(2),
            RAM_END,
            "00");
    byte[] copy = onePass(stream);
    for (byte[] each : List.of(stream, copy)) {
      try (StreamCheckpoint checkpoint = StreamCheckpoint.open(new MemorySource(each))) {
        byte[] page = new byte[PAGE];
        byte[] expected = new byte[PAGE];
        Arrays.fill(expected, (byte) 2);
        assertThat(checkpoint.pageKind(BLOCK, 0)).isEqualTo(PageKind.ZERO);
        assertThat(checkpoint.readPage(BLOCK, PAGE, MemorySegment.ofArray(page)))
            .isEqualTo(PageKind.DATA);
        assertThat(page).isEqualTo(expected);
        assertThat(checkpoint.deviceState().sections()).isEqualTo(bytes(DEVICE));
        assertThat(checkpoint.deviceState().vmdesc()).isEmpty();
      }
    }
    try (StreamCheckpoint checkpoint = StreamCheckpoint.open(new MemorySource(stream))) {
      assertThat(checkpoint.commands())
          .extracting(Command::command)
          .containsExactly(
              Command.POSTCOPY_ADVISE, Command.POSTCOPY_RAM_DISCARD, Command.POSTCOPY_LISTEN);
    }
  }

  @Test
  void aDiscardedPageThatDoesNotComeAgainIsMissed() {
    byte[] stream =
        stream(
            RAM_PART,
            content(1),
            discard(0, 2 * PAGE),
            packaged(LISTEN + DEVICE + PING + RUN),
            content(2),
            RAM_END,
            "00");
    long at = bytes(HEAD, ADVISE, RAM_START, RAM_PART, content(1)).length;
    String why =
        "1 discarded pages that do not come again: they went over another channel at offset 0x";
    assertThatThrownBy(() -> StreamCheckpoint.open(new MemorySource(stream)))
        .isInstanceOf(StreamException.Unsupported.class)
        .hasMessageStartingWith(why + Long.toHexString(at));
    assertThatThrownBy(() -> onePass(stream))
        .isInstanceOf(StreamException.Unsupported.class)
        .hasMessageStartingWith(why + Long.toHexString(at));
  }

  @Test
  void deviceStateComesOnce() {
    String one = packaged(LISTEN + DEVICE + RUN);
    for (byte[] stream :
        List.of(
            stream(content(1), one, one, RAM_END, "00"), stream(content(1), one, DEVICE, "00"))) {
      assertThatThrownBy(() -> StreamCheckpoint.open(new MemorySource(stream)))
          .isInstanceOf(StreamException.Malformed.class)
          .hasMessageContaining("device state a second time");
      assertThatThrownBy(() -> onePass(stream))
          .isInstanceOf(StreamException.Malformed.class)
          .hasMessageContaining("device state a second time");
    }
  }

  @Test
  void aPackageIsItsSectionsAndCommandsAround() throws StreamException {
    for (String around : List.of(PING + RUN, RUN, PING, "")) {
      assertThat(new PackagedStream(0, bytes(LISTEN, DEVICE, around)).deviceSections(true))
          .isEqualTo(bytes(DEVICE));
    }
    assertThat(new PackagedStream(0, bytes(LISTEN, PING, RUN)).deviceSections(true)).isEmpty();
    assertThat(new PackagedStream(0, bytes(LISTEN, DEVICE, DEVICE, RUN)).deviceSections(true))
        .isEqualTo(bytes(DEVICE, DEVICE));
    assertThatThrownBy(
            () ->
                new PackagedStream(0x100, bytes(LISTEN, DEVICE, "cafe", RUN)).deviceSections(true))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessage(
            "package that does not end with a section or RUN at offset 0x126 while reading package");
  }

  private static Command command(String block, Range... ranges) {
    Command command = new PostcopyRamDiscard(block, List.of(ranges)).encode();
    return new Command(0x77, command.command(), command.data());
  }

  @Test
  void rangesLieInTheirBlock() {
    for (Range range :
        List.of(
            new Range(0, 3 * PAGE),
            new Range(2 * PAGE, PAGE),
            new Range(1, PAGE),
            new Range(0, 1),
            new Range(0, 0),
            new Range(-PAGE, PAGE),
            new Range(PAGE, -PAGE),
            new Range(Long.MAX_VALUE - PAGE + 1, PAGE))) {
      assertThatThrownBy(() -> new DiscardedPages(List.of(BLOCK), PAGE).take(command("a", range)))
          .as("%s", range)
          .isInstanceOf(StreamException.Malformed.class)
          .hasMessageContaining("of a RAM block of 0x2000 bytes at offset 0x77");
    }
    assertThatThrownBy(
            () -> new DiscardedPages(List.of(BLOCK), PAGE).take(command("b", new Range(0, PAGE))))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageContaining("discards pages of no RAM block at offset 0x77");
  }

  @Test
  void workAndMemoryOfDiscardsAreLimited() throws StreamException {
    DiscardedPages twice = new DiscardedPages(List.of(BLOCK), PAGE);
    Range all = new Range(0, 2 * PAGE);
    twice.take(command("a", all, all));
    assertThatThrownBy(() -> twice.take(command("a", new Range(0, PAGE))))
        .isInstanceOf(StreamException.LimitExceeded.class)
        .hasMessageContaining("pages discarded again and again at offset 0x77");

    RamBlock large = new RamBlock(0, "a", 16L << 40);
    assertThatThrownBy(
            () ->
                new DiscardedPages(List.of(large), PAGE)
                    .take(command("a", new Range(0, large.usedLength()))))
        .isInstanceOf(StreamException.LimitExceeded.class)
        .hasMessageContaining("too much RAM discarded at offset 0x77");
  }

  @Test
  void otherCommandsDiscardNothing() throws StreamException {
    DiscardedPages pages = new DiscardedPages(List.of(BLOCK), PAGE);
    pages.take(new MigrationCommand.PostcopyListen().encode());
    pages.checkAllReceived();
    pages.take(command("a", new Range(PAGE, PAGE)));
    assertThatThrownBy(pages::checkAllReceived).isInstanceOf(StreamException.Unsupported.class);
    pages.received(BLOCK, 0);
    assertThatThrownBy(pages::checkAllReceived).isInstanceOf(StreamException.Unsupported.class);
    pages.received(BLOCK, PAGE);
    pages.checkAllReceived();
  }
}
