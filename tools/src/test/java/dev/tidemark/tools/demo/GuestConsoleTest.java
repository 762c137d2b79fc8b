// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class GuestConsoleTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final String SESSION =
      "SeaBIOS\r\n\n"
          + GuestLineTest.HELLO
          + "\nt 1 0 0\nready\nt 2 1 10\nt 3 1 20\n"
          + "walk 1 checked=130776 wrong=0\n"
          + "wrong 1234000 dirty walk=7 at=8 expected=1 found=10\n"
          + "unreported 3 walk=2\nwalk 2 checked=130776 wrong=4\nt 5 2 30\n";

  @Test
  void readsASession() throws Exception {
    try (GuestConsole console = GuestConsole.of(channel(SESSION), 1)) {
      checkSession(console);
    }
  }

  @Test
  void aLineMayComeInTwoPiecesCutAnywhere() throws Exception {
    for (int cut = 0; cut <= SESSION.length(); cut++) {
      try (GuestConsole console = GuestConsole.of(new Pieces(SESSION, cut), 1)) {
        checkSession(console);
      }
    }
  }

  @Test
  void aLineMayComeByteByByte() throws Exception {
    try (GuestConsole console = GuestConsole.of(new Pieces(SESSION, -1), 1)) {
      checkSession(console);
    }
  }

  private static void checkSession(GuestConsole console) throws Exception {
    assertThat(console.awaitHello(PATIENCE)).isEqualTo(GuestLine.parse(GuestLineTest.HELLO));
    console.awaitReady(PATIENCE);
    console.awaitInWalk(2, PATIENCE);
    console.awaitWalks(2, PATIENCE);
    assertThat(console.awaitTick(PATIENCE)).isEqualTo(new GuestLine.Tick(1, 0, 0));
    assertThat(console.lastTick()).contains(new GuestLine.Tick(5, 2, 0x30));
    assertThat(console.tickCount()).isEqualTo(4);
    assertThat(console.tickJumps()).isEqualTo(1);
    assertThat(console.lastWalk()).contains(new GuestLine.Walk(2, 130776, 4));
    assertThat(console.wrong())
        .containsExactly(new GuestLine.Wrong(0x1234000, PageClass.DIRTY, 7, 8, 1, 16));
    assertThat(console.unreported()).isEqualTo(3);
    assertThat(console.other()).containsExactly("SeaBIOS");
  }

  @Test
  void theLongestGapIsFoundAmongThoseThatOverlapASpan() throws Exception {
    Pipe pipe = Pipe.open();
    AtomicLong clock = new AtomicLong();
    try (GuestConsole console = GuestConsole.started(pipe.source(), 1, clock::get);
        Pipe.SinkChannel sink = pipe.sink()) {
      long[] arrivals = {0, 1_000_000, 51_000_000, 52_000_000, 60_000_000, 61_000_000};
      for (int i = 0; i < arrivals.length; i++) {
        clock.set(arrivals[i]);
        sink.write(ByteBuffer.wrap("t %x 1 0\n".formatted(i + 16).getBytes(US_ASCII)));
        while (console.tickCount() <= i) {
          Thread.onSpinWait();
        }
      }
      assertThat(console.longestGap(0, 61_000_000))
          .contains(new TickGap(Duration.ofMillis(50), 1_000_000, 17, 18));
      assertThat(console.longestGap(51_500_000, 61_000_000))
          .contains(new TickGap(Duration.ofMillis(8), 52_000_000, 19, 20));
      assertThat(console.longestGap(20_000_000, 20_000_001).map(gap -> gap.beyond(1)))
          .contains(Duration.ofMillis(49));
      assertThat(console.longestGap(70_000_000, 80_000_000)).isEmpty();
    }
  }

  @Test
  void aLongRunKeepsItsLastTicks() throws Exception {
    int ticks = 300_000;
    StringBuilder text = new StringBuilder();
    for (int i = 1; i <= ticks; i++) {
      text.append("t ").append(Integer.toHexString(i)).append(" 1 0\n");
    }
    AtomicLong clock = new AtomicLong();
    try (GuestConsole console =
        GuestConsole.started(channel(text.toString()), 1, () -> clock.addAndGet(1_000_000))) {
      assertThatThrownBy(() -> console.awaitWalks(1, PATIENCE)).isInstanceOf(GuestFailure.class);
      assertThat(console.tickCount()).isEqualTo(ticks);
      assertThat(console.tickJumps()).isZero();
      assertThat(console.longestGap(0, Long.MAX_VALUE / 2))
          .hasValueSatisfying(gap -> assertThat(gap.tickAfter()).isEqualTo(gap.tickBefore() + 1));
    }
  }

  @Test
  void aWaitEndsWhenTheGuestPanics() throws Exception {
    String text = "t 1 0 0\npanic vector=d rip=1 error=0 cr2=0\n";
    try (GuestConsole console = GuestConsole.of(channel(text), 1)) {
      assertThatThrownBy(() -> console.awaitReady(PATIENCE))
          .isInstanceOf(GuestFailure.class)
          .hasMessage("the guest says: panic vector=d rip=1 error=0 cr2=0");
      assertThat(console.end()).isPresent();
    }
  }

  @Test
  void aWaitEndsWhenTheSerialPortIsClosed() throws Exception {
    try (GuestConsole console = GuestConsole.of(channel("qemu: no memory\n"), 1)) {
      assertThatThrownBy(() -> console.awaitHello(PATIENCE))
          .hasMessage("the guest's serial port was closed (before that: qemu: no memory)");
    }
  }

  @Test
  void aWaitEndsWhenTimeIsUp() throws Exception {
    Pipe pipe = Pipe.open();
    try (GuestConsole console = GuestConsole.of(pipe.source(), 1)) {
      assertThatThrownBy(() -> console.awaitReady(Duration.ofMillis(10)))
          .hasMessage("the guest did not fill its memory within 0 s");
    }
  }

  private static ReadableByteChannel channel(String text) {
    return Channels.newChannel(new ByteArrayInputStream(text.getBytes(US_ASCII)));
  }

  /// Delivers a text in two pieces, or each byte on its own.
  private static final class Pieces implements ReadableByteChannel {
    private final ByteBuffer bytes;
    private final int cut;

    Pieces(String text, int cut) {
      bytes = ByteBuffer.wrap(text.getBytes(US_ASCII));
      this.cut = cut;
    }

    @Override
    public int read(ByteBuffer target) {
      if (!bytes.hasRemaining()) {
        return -1;
      }
      int at = bytes.position();
      int length = cut < 0 ? 1 : at < cut ? cut - at : bytes.remaining();
      target.put(bytes.slice(at, length));
      bytes.position(at + length);
      return length;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
