// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.Hex;
import dev.tidemark.stream.fixture.PieceChannel;
import dev.tidemark.stream.fixture.StreamSpec;
import dev.tidemark.stream.fixture.StreamSpec.Block;
import dev.tidemark.stream.fixture.StreamSpec.Device;
import dev.tidemark.stream.fixture.StreamSpec.Page;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The end of a stream whose sender does not close: no read behind the last byte, whatever pieces
/// it comes in.
class LiveTailTest {
  private static final MigrationStream SETTINGS =
      MigrationStream.of(TargetPageSize.detect()).withWindow(128 << 10);

  private static final byte[] SMALL =
      new StreamSpec(
              4096,
              true,
              true,
              false,
              true,
              true,
              List.of(new Block("pc.ram", 2)),
              List.of(List.of(), List.of(new Page(0, 0, 0, true), new Page(0, 1, 0, false))),
              List.of(new Device("timer", 0, 12), new Device("a", 1, 5)),
              List.of(11))
          .encode();

  @Test
  void splitAtEveryByte() throws IOException {
    for (int at = 1; at < SMALL.length; at++) {
      assertWhole(PieceChannel.live(SMALL, at), SMALL);
    }
  }

  @Test
  void splitAtEveryPairOfBytes() throws IOException {
    for (int at = SMALL.length - 200; at < SMALL.length; at++) {
      for (int second = at + 1; second < SMALL.length; second++) {
        assertWhole(PieceChannel.live(SMALL, at, second), SMALL);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"pc-10.0-return-path", "pc-7.2-return-path", "pc-10.0-background"})
  void realStreamOneByteAtATime(String name) throws IOException {
    byte[] bytes = Corpus.bytes(name);
    int[] ends = IntStream.rangeClosed(1, bytes.length).toArray();
    assertWhole(PieceChannel.live(bytes, ends), bytes);
  }

  /// Braces all along: were each a reason to look at all bytes before it, this would take hours.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
  void eachByteIsLookedAtOnce(boolean colo) throws IOException {
    byte[] braces = new byte[2 << 20];
    Arrays.fill(braces, (byte) '}');
    byte[] stream =
        Hex.bytes(
            Hex.HEAD,
            colo ? "08 0008 0000" : "", // ENABLE_COLO
            Hex.RAM_START,
            Hex.RAM_END,
            "04 00000005 01 64 00000000 00000001");
    byte[] whole = Arrays.copyOf(stream, stream.length + braces.length);
    System.arraycopy(braces, 0, whole, stream.length, braces.length);
    try (StreamReader in = SETTINGS.read(PieceChannel.ofSize(whole, 1))) {
      assertThatThrownBy(
              () -> {
                while (in.next() != null) {}
              })
          .isInstanceOf(StreamException.Truncated.class);
    }
  }

  private static void assertWhole(PieceChannel channel, byte[] bytes) throws IOException {
    try (StreamReader in = SETTINGS.read(channel)) {
      StreamElement last = null;
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        last = e;
      }
      assertThat(last).isInstanceOf(DeviceStateTail.class);
      DeviceStateTail tail = (DeviceStateTail) Objects.requireNonNull(last);
      assertThat(tail.streamOffset() + tail.bytes().length).isEqualTo(bytes.length);
      assertThat(tail.resolve()).isPresent();
    }
  }
}
