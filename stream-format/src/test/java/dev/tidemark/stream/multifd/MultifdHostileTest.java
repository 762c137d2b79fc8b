// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.fixture.ScriptEncoder;
import dev.tidemark.stream.fixture.StreamScript;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Damaged channels: [dev.tidemark.stream.StreamException] with an offset inside, or a valid parse.
class MultifdHostileTest {
  private static final int PAGE = 65536;
  private static final MigrationStream SETTINGS = Merging.settings(PAGE).withWindow(128 << 10);
  private static final MigrationStream DETECTING = Merging.SETTINGS.withWindow(128 << 10);
  private static final int HEADER = 384;

  /// Two channels; the first has a page with content, which compresses to little, and zero pages.
  private static List<byte[]> small(MultifdMethod method) {
    return new MultifdSpec(
            PAGE,
            method,
            2,
            false,
            false,
            MultifdSpec.blocks(PAGE, 3, 1),
            List.of(
                List.of(
                    new MultifdSpec.Page(0, 0, 7, 0),
                    new MultifdSpec.Page(0, 1, 0, 0),
                    new MultifdSpec.Page(0, 2, 0, -1),
                    new MultifdSpec.Page(1, 0, 9, 1)),
                List.of(new MultifdSpec.Page(0, 2, 8, 0))))
        .encode();
  }

  /// Where nothing but the content of a page stands.
  private static boolean isContent(MultifdMethod method, byte[] channel, int at) {
    return method == MultifdMethod.NONE
        && at > 16
        && at < channel.length - 16
        && channel[at] >= 7
        && Arrays.equals(channel, at - 8, at, channel, at, at + 8);
  }

  private static List<byte[]> with(List<byte[]> connections, int index, byte[] changed) {
    List<byte[]> all = new ArrayList<>(connections);
    all.set(index, changed);
    return all;
  }

  @ParameterizedTest
  @EnumSource(
      value = MultifdMethod.class,
      names = {"NONE", "ZLIB", "ZSTD"})
  void everyPrefix(MultifdMethod method) throws IOException {
    List<byte[]> whole = small(method);
    assertThat(Merging.reads(SETTINGS, whole)).isTrue();
    for (int index = 1; index < whole.size(); index++) {
      byte[] channel = whole.get(index);
      for (int length = 0; length < channel.length; length++) {
        if (!isContent(method, channel, length)) {
          List<byte[]> cut = with(whole, index, Arrays.copyOf(channel, length));
          assertThat(Merging.reads(SETTINGS, cut)).as("%d of channel", length).isFalse();
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = MultifdMethod.class,
      names = {"NONE", "ZLIB", "ZSTD"})
  void everyByteFlipped(MultifdMethod method) throws IOException {
    List<byte[]> whole = small(method);
    int refused = 0;
    byte[] channel = whole.get(1);
    for (int at = 0; at < channel.length; at++) {
      if (!isContent(method, channel, at)) {
        // Names, offsets and what must be zero are alike throughout: a sample of all damages, and
        // one damage of each byte.
        boolean field = at < 64 + HEADER || at % HEADER < 64 || at % 5 == 0;
        int[] masks = field ? new int[] {0x01, 0x80, 0xff} : new int[] {1 << at % 8};
        for (int mask : masks) {
          byte[] damaged = channel.clone();
          damaged[at] ^= (byte) mask;
          refused += Merging.reads(SETTINGS, with(whole, 1, damaged)) ? 0 : 1;
        }
        if (field) {
          // With the page size to be found.
          byte[] damaged = channel.clone();
          damaged[at] ^= (byte) 0x10;
          Merging.reads(DETECTING, with(whole, 1, damaged));
        }
      }
    }
    // Most of a header is magic, counts, names and what must be zero.
    assertThat(refused).isGreaterThan(3 * HEADER);
  }

  @ParameterizedTest
  @EnumSource(MultifdMethod.class)
  void extremeLengths(MultifdMethod method) throws IOException {
    List<byte[]> whole = small(method.isWritten() ? method : MultifdMethod.ZLIB);
    byte[] channel = whole.get(1);
    // Packets: SYNC, pages, SYNC and so on. The fields of the first two.
    for (int packet : new int[] {64, 64 + HEADER}) {
      for (int field = 8; field < 64; field += 4) {
        for (int value : new int[] {-1, Integer.MAX_VALUE, Integer.MIN_VALUE, 8, 9, 1 << 20}) {
          byte[] damaged = channel.clone();
          ByteBuffer.wrap(damaged).putInt(packet + field, value);
          Merging.reads(SETTINGS, with(whole, 1, damaged));
        }
        // With another method in the flags, and as device state.
        byte[] other = channel.clone();
        ByteBuffer.wrap(other).putInt(packet + 8, method.flag());
        Merging.reads(SETTINGS, with(whole, 1, other));
        ByteBuffer.wrap(other).putInt(packet + 8, 0x40).putInt(packet + 272, Integer.MAX_VALUE);
        assertThat(Merging.reads(SETTINGS, with(whole, 1, other))).isFalse();
      }
    }
  }

  /// In front of RAM and behind its START, where QEMU puts those of `early_setup`.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void deviceSectionsBeforeThePagesAreKept(boolean inFront) throws IOException {
    StreamScript.Shape shape =
        new StreamScript.Shape(
            PAGE, "m", true, false, List.of(), StreamScript.Advice.NONE, false, true, true, 1);
    StreamScript.Step early = new StreamScript.Early(4);
    // As many RAM sections as the channels have sync points.
    StreamScript.Step part = new StreamScript.EmptyPart();
    StreamScript script =
        new StreamScript(
            shape,
            List.of(
                new StreamScript.Block("pc.ram", 3, 0, 0),
                new StreamScript.Block("block1", 1, 0, 0)),
            inFront ? List.of(early) : List.of(),
            inFront ? List.of(part, part) : List.of(early, part, part),
            List.of(),
            List.of());
    List<byte[]> connections =
        with(small(MultifdMethod.NONE), 0, new ScriptEncoder(script).bytes());
    try (MultifdCheckpointStream merged = Merging.open(SETTINGS, connections)) {
      merged.forEachPage(new MultifdSpec.Image(PAGE));
      assertThat(new String(merged.earlySections(), StandardCharsets.ISO_8859_1))
          .contains("virtio-mem-device-early");
    }
  }
}
