// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.multifd.MultifdPacket.RamPacket;
import dev.tidemark.stream.multifd.MultifdStreamWriter.SyncMode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MultifdCheckpointStreamTest {
  private static final int PAGE = 65536;
  private static final int HEADER = 384;
  private static final MigrationStream SETTINGS = Merging.settings(PAGE);

  /// One page on two channels, the later epoch on the first of them.
  private static MultifdSpec spec(boolean perSection) {
    return new MultifdSpec(
        PAGE,
        MultifdMethod.NONE,
        3,
        perSection,
        false,
        MultifdSpec.blocks(PAGE, 2),
        List.of(
            List.of(new MultifdSpec.Page(0, 1, 500, 2), new MultifdSpec.Page(0, 0, 0, -1)),
            List.of(new MultifdSpec.Page(0, 1, 501, 0), new MultifdSpec.Page(0, 0, 502, 1))));
  }

  private static List<byte[]> connections() {
    return new ArrayList<>(spec(false).encode());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aLaterEpochReplacesAnEarlierOne(boolean perSection) throws IOException {
    try (MultifdCheckpointStream merged = Merging.open(SETTINGS, spec(perSection).encode())) {
      assertThat(merged.eachPageOnce()).isFalse();
      assertThatThrownBy(merged::deviceState).isInstanceOf(IllegalStateException.class);
      MultifdSpec.Image image = new MultifdSpec.Image(PAGE);
      merged.forEachPage(image);
      Merging.assertSame(image.pages, spec(perSection).image());
      assertThat(image.visits).isEqualTo(4);
      assertThatThrownBy(() -> merged.forEachPage(image)).isInstanceOf(IllegalStateException.class);
    }
  }

  private static void assertRefused(
      List<byte[]> connections, Class<? extends StreamException> kind, String message) {
    assertThatThrownBy(
            () -> {
              try (MultifdCheckpointStream merged = Merging.open(SETTINGS, connections)) {
                merged.forEachPage(new MultifdSpec.Image(PAGE));
              }
            })
        .isInstanceOf(kind)
        .hasMessage(message);
    assertThatThrownBy(
            () -> {
              try (MultifdCheckpointStream merged =
                  Merging.openPieces(SETTINGS, connections, 1000)) {
                merged.forEachPage(new MultifdSpec.Image(PAGE));
              }
            })
        .isInstanceOf(kind)
        .hasMessage(message);
  }

  @Test
  void channelsThatAreNotTheSetAreRefused() {
    List<byte[]> missing = connections();
    missing.remove(2);
    assertRefused(
        missing,
        StreamException.Malformed.class,
        "channel 1 is missing: there are 2 channels at offset 0x18 while reading multifd channel 2"
            + " initial packet");
    List<byte[]> doubled = connections();
    doubled.add(doubled.get(1));
    assertRefused(
        doubled,
        StreamException.Malformed.class,
        "a second channel 0 at offset 0x18 while reading multifd channel 0 initial packet");
    List<byte[]> foreign = connections();
    foreign.get(3)[23] = 0;
    assertRefused(
        foreign,
        StreamException.Malformed.class,
        "uuid 00112233-4455-6677-8899-aabbccddee00 instead of"
            + " 00112233-4455-6677-8899-aabbccddeeff at offset 0x8 while reading multifd channel 2"
            + " initial packet");
    assertRefused(
        connections().subList(1, 4),
        StreamException.Malformed.class,
        "no main stream at offset 0x0 while reading multifd channels");
    assertRefused(
        connections().subList(0, 1),
        StreamException.Malformed.class,
        "no channel beside the main stream at offset 0x0 while reading multifd channels");
    List<byte[]> twoMains = connections();
    twoMains.add(twoMains.getFirst());
    assertRefused(
        twoMains,
        StreamException.Malformed.class,
        "a second main stream at offset 0x0 while reading connection 4");
    List<byte[]> stranger = connections();
    stranger.set(2, new byte[] {'G', 'E', 'T', ' ', '/'});
    assertRefused(
        stranger,
        StreamException.Malformed.class,
        "magic 0x47455420 at offset 0x0 while reading connection 2");
    List<byte[]> silent = connections();
    silent.set(2, new byte[] {0x11});
    assertRefused(
        silent,
        StreamException.Truncated.class,
        "the connection ends at offset 0x1 while reading connection 2");
  }

  @Test
  void aChannelThatEndsBeforeItsSyncIsTruncated() {
    List<byte[]> cut = connections();
    byte[] channel = cut.get(1);
    cut.set(1, Arrays.copyOf(channel, channel.length - HEADER));
    assertRefused(
        cut,
        StreamException.Truncated.class,
        "the channel ends before SYNC 4 at offset 0x%x while reading multifd channel 0"
            .formatted(channel.length - HEADER));
  }

  @Test
  void aChannelWithMoreSyncsIsRefused() throws IOException {
    List<byte[]> more = connections();
    byte[] channel = more.get(2);
    byte[] longer = Arrays.copyOf(channel, channel.length + HEADER);
    System.arraycopy(channel, 64, longer, channel.length, HEADER);
    more.set(2, longer);
    assertRefused(
        more,
        StreamException.Malformed.class,
        "packet behind the last of 4 sync points at offset 0x%x while reading multifd channel 1"
            .formatted(channel.length));
    // One with nothing in it may stand there.
    longer[channel.length + 11] = 0;
    assertThat(Merging.reads(SETTINGS, more)).isTrue();
  }

  @Test
  void deviceStateInAChannelIsNotSupported() throws IOException {
    List<byte[]> all = connections();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(all.get(3), 0, 64);
    try (MultifdChannelWriter to = new MultifdChannelWriter(Channels.newChannel(out), PAGE)) {
      to.with(new MultifdPacket.DeviceStatePacket(0, "vfio", 0, new byte[] {1}));
      to.with(RamPacket.sync(0));
    }
    all.set(3, out.toByteArray());
    assertRefused(
        all,
        StreamException.Unsupported.class,
        "device state in a multifd channel at offset 0x40 while reading multifd channel 2 packet");
  }

  @ParameterizedTest
  @CsvSource({
    "pc-i440fx-10.0, PER_ROUND",
    "pc-q35-8.1, PER_ROUND",
    "pc-q35-8.0, PER_SECTION",
    "virt-7.2, PER_SECTION",
    "pc-i440fx-bionic, PER_ROUND",
    "'', PER_ROUND",
  })
  void machineTypesTellHowToSync(String machineType, SyncMode mode) {
    assertThat(SyncMode.of(machineType)).isEqualTo(mode);
  }
}
