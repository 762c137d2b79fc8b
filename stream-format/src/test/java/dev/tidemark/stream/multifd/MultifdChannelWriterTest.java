// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.fixture.StreamSpec;
import dev.tidemark.stream.multifd.MultifdPacket.RamPacket;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamPages;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MultifdChannelWriterTest {
  private static final int PAGE = 4096;
  private static final RamBlock BLOCK = new RamBlock(0, "pc.ram", 1 << 20);

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private MultifdChannelWriter writer() {
    return new MultifdChannelWriter(Channels.newChannel(out), PAGE);
  }

  private static RamPacket packet(MultifdMethod method, int normal, int seed) {
    MemorySegment page = MemorySegment.ofArray(StreamSpec.content(seed, PAGE));
    RamPages pages =
        visitor -> {
          for (int i = 0; i < normal; i++) {
            visitor.page(BLOCK, (long) i * PAGE, page, 0);
          }
        };
    return new RamPacket(0, RamPacketHeader.of(method, PAGE, 1, BLOCK.idstr(), normal, 0), pages);
  }

  private byte[] channel(MultifdMethod method) throws IOException {
    try (MultifdChannelWriter to = writer()) {
      to.initial(new MultifdInitialPacket(MultifdInitialPacket.NO_UUID, 0));
      for (int i = 0; i < 4; i++) {
        to.with(packet(method, 100, 1000 + i));
      }
    }
    byte[] channel = out.toByteArray();
    out.reset();
    return channel;
  }

  @ParameterizedTest
  @EnumSource(
      value = MultifdMethod.class,
      names = {"ZLIB", "ZSTD"})
  void packetsOfACompressedChannelAreDroppedByEncodingAll(MultifdMethod method) throws IOException {
    byte[] channel = channel(method);
    try (MultifdChannelReader in =
            MultifdChannelReader.open(Merging.settings(PAGE), ByteSource.of(channel));
        MultifdChannelWriter to = writer().reencoding()) {
      in.ramBlocks(PAGE, List.of(BLOCK));
      to.initial(in.initial());
      int count = 0;
      for (MultifdPacket packet = in.next(); packet != null; packet = in.next()) {
        if (count++ != 1) {
          to.with(packet);
        }
      }
    }
    try (MultifdChannelReader in =
        MultifdChannelReader.open(Merging.settings(PAGE), ByteSource.of(out.toByteArray()))) {
      in.ramBlocks(PAGE, List.of(BLOCK));
      MultifdSpec.Image image = new MultifdSpec.Image(PAGE);
      assertThat(in.readToSync(image)).isFalse();
      assertThat(image.visits).isEqualTo(300);
      assertThat(image.pages.get("pc.ram+0")).isEqualTo(StreamSpec.content(1003, PAGE));
    }
  }

  @Test
  void copiedAndEncodedPayloadsDoNotMix() throws IOException {
    byte[] channel = channel(MultifdMethod.ZSTD);
    try (MultifdChannelReader in =
            MultifdChannelReader.open(Merging.settings(PAGE), ByteSource.of(channel));
        MultifdChannelWriter to = writer()) {
      to.with(Merging.next(in));
      assertThatThrownBy(() -> to.with(packet(MultifdMethod.ZSTD, 1, 3)))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void wrongUseIsRefused() throws IOException {
    try (MultifdChannelWriter to = writer()) {
      assertThatThrownBy(() -> to.with(packet(MultifdMethod.QPL, 1, 3)))
          .isInstanceOf(IllegalArgumentException.class);
    }
    try (MultifdChannelWriter to = writer()) {
      to.with(packet(MultifdMethod.NONE, 1, 3));
      assertThatThrownBy(() -> to.with(packet(MultifdMethod.ZLIB, 1, 3)))
          .isInstanceOf(IllegalArgumentException.class);
      RamPacket uncounted =
          new RamPacket(
              0, RamPacketHeader.of(MultifdMethod.NONE, PAGE, 1, "pc.ram", 2, 0), RamPages.NONE);
      assertThatThrownBy(() -> to.with(uncounted)).isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> RamPacketHeader.of(MultifdMethod.NONE, PAGE, 1, "pc.ram", 100, 29))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
