// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.command;

import static dev.tidemark.stream.fixture.Hex.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamLimits;
import dev.tidemark.stream.command.ReturnPathMessage.Pong;
import dev.tidemark.stream.command.ReturnPathMessage.ReceivedBitmap;
import dev.tidemark.stream.command.ReturnPathMessage.RequestPages;
import dev.tidemark.stream.command.ReturnPathMessage.RequestPagesOf;
import dev.tidemark.stream.command.ReturnPathMessage.ResumeAck;
import dev.tidemark.stream.command.ReturnPathMessage.Shut;
import dev.tidemark.stream.command.ReturnPathMessage.SwitchoverAck;
import dev.tidemark.stream.fixture.PieceChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ReturnPathTest {
  private static final List<ReturnPathMessage> MESSAGES =
      List.of(
          new Pong(1),
          new RequestPagesOf("pc.ram", 0x2000, 0x1000),
          new RequestPages(0x3000, 0x1000),
          new ReceivedBitmap("a", bytes("ff00000000000080")),
          new ResumeAck(ResumeAck.OK),
          new SwitchoverAck(),
          new Shut(0));

  /// As QEMU writes them.
  private static final byte[] GOLDEN =
      bytes(
          "0002 0004 00000001",
          "0003 0013 0000000000002000 00001000 06 70632e72616d",
          "0004 000c 0000000000003000 00001000",
          "0005 0002 01 61", // the message, and outside it:
          "0000000000000008 ff00000000000080 0123456789abcdef",
          "0006 0004 00000001",
          "0007 0000",
          "0001 0004 00000000");

  private static byte[] written(List<ReturnPathMessage> messages) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ReturnPathWriter writer = new ReturnPathWriter(Channels.newChannel(out))) {
      for (ReturnPathMessage message : messages) {
        writer.write(message);
      }
    }
    return out.toByteArray();
  }

  private static List<ReturnPathMessage> read(ReadableByteChannel channel) throws IOException {
    List<ReturnPathMessage> messages = new ArrayList<>();
    try (ReturnPathReader in = new ReturnPathReader(channel, StreamLimits.DEFAULT)) {
      for (ReturnPathMessage m = in.next(); m != null; m = in.next()) {
        messages.add(m);
      }
    }
    return messages;
  }

  @Test
  void goldenBytes() throws IOException {
    assertThat(written(MESSAGES)).isEqualTo(GOLDEN);
    assertThat(read(PieceChannel.ofSize(GOLDEN, GOLDEN.length))).isEqualTo(MESSAGES);
    assertThat(read(PieceChannel.ofSize(GOLDEN, 1))).isEqualTo(MESSAGES);
  }

  @Test
  void nothingBehindAMessageIsWaitedFor() throws IOException {
    try (ReturnPathReader in =
        new ReturnPathReader(PieceChannel.live(GOLDEN), StreamLimits.DEFAULT)) {
      for (ReturnPathMessage message : MESSAGES) {
        assertThat(in.next()).isEqualTo(message);
      }
      assertThat(in.streamOffset()).isEqualTo(GOLDEN.length);
    }
  }

  @Test
  void bitmapTellsPages() {
    ReceivedBitmap bitmap = new ReceivedBitmap("a", bytes("ff00000000000080"));
    assertThat(bitmap.has(7)).isTrue();
    assertThat(bitmap.has(8)).isFalse();
    assertThat(bitmap.has(63)).isTrue();
    assertThat(bitmap.has(64)).isFalse();
    assertThatThrownBy(() -> new ReceivedBitmap("a", new byte[7]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Provide
  Arbitrary<ReturnPathMessage> messages() {
    Arbitrary<String> names =
        Arbitraries.strings().withCharRange((char) 1, (char) 255).ofMinLength(1).ofMaxLength(255);
    Arbitrary<byte[]> bitmaps =
        Arbitraries.integers()
            .between(0, 20_000)
            .map(
                words -> {
                  byte[] bits = new byte[words * 8];
                  for (int i = 0; i < bits.length; i++) {
                    bits[i] = (byte) (i * 31 + words);
                  }
                  return bits;
                });
    return Arbitraries.oneOf(
        Arbitraries.integers().map(Shut::new),
        Arbitraries.integers().map(Pong::new),
        Combinators.combine(names, Arbitraries.longs(), Arbitraries.integers())
            .as(RequestPagesOf::new),
        Combinators.combine(Arbitraries.longs(), Arbitraries.integers()).as(RequestPages::new),
        Combinators.combine(names, bitmaps).as(ReceivedBitmap::new),
        Arbitraries.integers().map(ResumeAck::new),
        Arbitraries.just(new SwitchoverAck()));
  }

  @Property(tries = 200)
  void anyMessagesAreReadAsWritten(
      @ForAll("conversations") List<ReturnPathMessage> messages,
      @ForAll @IntRange(min = 1, max = 100_000) int piece)
      throws IOException {
    assertThat(read(PieceChannel.ofSize(written(messages), piece))).isEqualTo(messages);
  }

  @Provide
  Arbitrary<List<ReturnPathMessage>> conversations() {
    return messages().list().ofMaxSize(8);
  }

  @Test
  void everyPrefixThatCutsAMessageIsTruncated() throws IOException {
    int whole = 0;
    for (int length = 0; length < GOLDEN.length; length++) {
      byte[] prefix = Arrays.copyOf(GOLDEN, length);
      long end = length;
      try {
        read(PieceChannel.ofSize(prefix, 7));
        whole++;
      } catch (StreamException.Truncated e) {
        assertThat(e.streamOffset()).isEqualTo(end);
      }
    }
    // Those that end between two messages.
    assertThat(whole).isEqualTo(MESSAGES.size());
  }

  @Property(tries = 2000)
  void anyBytesAreReadOrRefused(@ForAll byte[] bytes) throws IOException {
    // Types of low numbers, so that some are valid.
    byte[] likely = bytes.clone();
    for (int i = 0; i < likely.length; i += 3) {
      likely[i] &= 7;
    }
    try {
      read(PieceChannel.ofSize(likely, Math.max(1, likely.length)));
    } catch (StreamException e) {
      assertThat(e.streamOffset()).isBetween(0L, (long) likely.length);
    }
  }

  @Test
  void wrongMessagesAreRefusedWhereTheyAreWrong() {
    fails("0000 0000", "unknown message 0x0 at offset 0x0");
    fails("0008 0000", "unknown message 0x8 at offset 0x0");
    fails("0001 0003 000000", "message 0x1 of 3 bytes at offset 0x2");
    fails("0005 0201", "message 0x5 of 513 bytes at offset 0x2");
    fails("0003 000d 0000000000000000 00000000 01", "payload of 13 bytes at offset 0x11");
    fails("0003 000e 0000000000000000 00000000 00 00", "empty name at offset 0x10");
    fails("0005 0003 01 61 62", "1 bytes too many at offset 0x6");
    fails("0005 0002 01 61 0000000000000007", "bitmap of 7 bytes at offset 0x6");
    fails("0005 0002 01 61 0000000000000000 0000000000000001", "0x1 behind a bitmap at offset 0xe");
    assertThatThrownBy(
            () -> read(PieceChannel.ofSize(bytes("0005 0002 01 61 7ffffffffffffff8"), 99)))
        .isInstanceOf(StreamException.LimitExceeded.class)
        .hasMessageContaining("bitmap of 9223372036854775800 bytes at offset 0x6");
  }

  private static void fails(String hex, String message) {
    assertThatThrownBy(() -> read(PieceChannel.ofSize(bytes(hex), 99)))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageContaining(message);
  }
}
