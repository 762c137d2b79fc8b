// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.stream.CheckpointStreamWriter;
import dev.tidemark.checkpoint.stream.StreamCheckpointStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.multifd.MultifdPacket.DeviceStatePacket;
import dev.tidemark.stream.multifd.MultifdPacket.RamPacket;
import dev.tidemark.stream.multifd.MultifdStreamWriter.SyncMode;
import dev.tidemark.stream.multifd.MultifdStreamWriter.ZeroPages;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

class MultifdPropertyTest {
  @Provide
  Arbitrary<MultifdSpec> specs() {
    Arbitrary<Integer> seeds =
        Arbitraries.frequencyOf(
            Tuple.of(2, Arbitraries.just(0)),
            Tuple.of(4, Arbitraries.integers().between(1, 1 << 20)));
    Arbitrary<MultifdSpec.Page> pages =
        Combinators.combine(
                Arbitraries.integers().between(0, 2),
                Arbitraries.integers().between(0, 12),
                seeds,
                Arbitraries.integers().between(-1, 3))
            .as(MultifdSpec.Page::new);
    return Combinators.combine(
            Arbitraries.of(4096, 4096, 1024, 65536),
            Arbitraries.of(MultifdMethod.NONE, MultifdMethod.ZLIB, MultifdMethod.ZSTD),
            Arbitraries.integers().between(1, 4),
            Arbitraries.of(true, false),
            Arbitraries.of(true, false),
            pages.list().ofMaxSize(14).list().ofMaxSize(4))
        .as(
            (pageSize, method, channels, perSection, pagesInSync, epochs) ->
                new MultifdSpec(
                    pageSize,
                    method,
                    channels,
                    perSection,
                    pagesInSync,
                    MultifdSpec.blocks(pageSize, 9, 1, 4),
                    epochs));
  }

  @Property(tries = 150)
  void newestVersionOfEachPageWins(@ForAll("specs") MultifdSpec spec, @ForAll Random random)
      throws IOException {
    List<byte[]> connections = new ArrayList<>(spec.encode());
    Collections.shuffle(connections, random);
    try (MultifdCheckpointStream merged =
        Merging.open(Merging.settings(spec.pageSize()), connections)) {
      assertThat(merged.ramBlocks()).isEqualTo(spec.blocks());
      assertThat(merged.channelCount()).isEqualTo(spec.channels());
      Merging.assertSame(Merging.image(merged), spec.image());
      assertThat(merged.deviceState().sections()).endsWith(new byte[] {0x7e, 0, 0, 0, 7});
    }
    try (MultifdCheckpointStream merged =
        Merging.openPieces(Merging.settings(spec.pageSize()), connections, 777)) {
      Merging.assertSame(Merging.image(merged), spec.image());
    }
  }

  @Property(tries = 100)
  void theSameStandsInOnePlainStream(@ForAll("specs") MultifdSpec spec) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (MultifdCheckpointStream merged =
        Merging.open(Merging.settings(spec.pageSize()), spec.encode())) {
      CheckpointStreamWriter.write(
          merged, Channels.newChannel(out), CheckpointStreamWriter.Options.DEFAULT);
    }
    MultifdSpec.Image image = new MultifdSpec.Image(spec.pageSize());
    try (CheckpointStream plain =
        StreamCheckpointStream.open(
            Merging.settings(spec.pageSize()), ByteSource.of(out.toByteArray()))) {
      if (spec.lacksContent()) {
        assertThatThrownBy(() -> plain.forEachPage(image))
            .isInstanceOf(StreamException.Unsupported.class)
            .hasMessageContaining("no page has content");
        return;
      }
      plain.forEachPage(image);
      Merging.assertSame(image.pages, spec.image());
    }
  }

  @Property(tries = 150)
  void whatIsMergedAndSplitAgainIsTheSame(
      @ForAll("specs") MultifdSpec spec,
      @ForAll ZeroPages zeroPages,
      @ForAll SyncMode mode,
      @ForAll("methods") MultifdMethod method)
      throws IOException {
    List<ByteArrayOutputStream> outs = new ArrayList<>();
    List<WritableByteChannel> channels = new ArrayList<>();
    for (int i = 0; i <= 3; i++) {
      outs.add(new ByteArrayOutputStream());
      channels.add(Channels.newChannel(outs.get(i)));
    }
    MultifdStreamWriter.Options options =
        MultifdStreamWriter.Options.DEFAULT
            .withMethod(method)
            .withZeroPages(zeroPages)
            .withSyncMode(mode)
            .withUuid(MultifdSpec.UUID_OF_VM);
    long written;
    try (MultifdCheckpointStream merged =
        Merging.open(Merging.settings(spec.pageSize()), spec.encode())) {
      written =
          MultifdStreamWriter.write(merged, channels.getFirst(), channels.subList(1, 4), options);
    }
    List<byte[]> again = outs.stream().map(ByteArrayOutputStream::toByteArray).toList();
    assertThat(again.stream().mapToLong(bytes -> bytes.length).sum()).isEqualTo(written);
    try (MultifdCheckpointStream merged = Merging.open(Merging.settings(spec.pageSize()), again)) {
      Merging.assertSame(Merging.image(merged), spec.image());
    }
    assertThat(epochsHoldEachPageOnce(spec.pageSize(), again, spec)).isTrue();
  }

  /// Whether no page stands twice between two syncs, on whatever channel.
  private static boolean epochsHoldEachPageOnce(
      int pageSize, List<byte[]> connections, MultifdSpec spec) throws IOException {
    List<String> all = new ArrayList<>();
    for (byte[] channel : connections.subList(1, connections.size())) {
      try (MultifdChannelReader in =
          MultifdChannelReader.open(Merging.settings(pageSize), ByteSource.of(channel))) {
        in.ramBlocks(pageSize, spec.blocks());
        for (int epoch = 0; ; epoch++) {
          MultifdSpec.Image image = new MultifdSpec.Image(pageSize);
          boolean more = in.readToSync(image);
          assertThat(image.visits).isEqualTo(image.pages.size());
          for (String key : image.pages.keySet()) {
            all.add(epoch + " " + key);
          }
          if (!more) {
            break;
          }
        }
      }
    }
    return all.stream().distinct().count() == all.size();
  }

  @Provide
  Arbitrary<MultifdMethod> methods() {
    return Arbitraries.of(MultifdMethod.NONE, MultifdMethod.ZLIB, MultifdMethod.ZSTD);
  }

  @Property(tries = 100)
  void copiesAreTheSameBytes(@ForAll("specs") MultifdSpec spec) throws IOException {
    for (byte[] channel : spec.encode().subList(1, spec.channels() + 1)) {
      assertThat(rewritten(channel, spec, false)).isEqualTo(channel);
      // The same compressor, given the same pages.
      assertThat(rewritten(channel, spec, true)).isEqualTo(channel);
    }
  }

  private static byte[] rewritten(byte[] channel, MultifdSpec spec, boolean rebuilt)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (MultifdChannelReader in =
            MultifdChannelReader.open(Merging.settings(spec.pageSize()), ByteSource.of(channel));
        MultifdChannelWriter to =
            new MultifdChannelWriter(Channels.newChannel(out), spec.pageSize())) {
      in.ramBlocks(spec.pageSize(), spec.blocks());
      to.initial(in.initial());
      for (MultifdPacket packet = in.next(); packet != null; packet = in.next()) {
        to.with(rebuilt ? rebuild(packet) : packet);
      }
    }
    return out.toByteArray();
  }

  /// The packet through public constructors, its pages read and not copied.
  static MultifdPacket rebuild(MultifdPacket packet) {
    return switch (packet) {
      case RamPacket(long _, RamPacketHeader h, var pages) ->
          new RamPacket(
              0,
              new RamPacketHeader(
                  h.flags(),
                  h.pagesAlloc(),
                  h.normalPages(),
                  h.nextPacketSize(),
                  h.packetNumber(),
                  h.zeroPages(),
                  h.idstr(),
                  h.unusedOffsets().clone()),
              visitor -> pages.forEach(visitor));
      case DeviceStatePacket(long _, String idstr, int instance, byte[] data) ->
          new DeviceStatePacket(0, idstr, instance, data.clone());
    };
  }
}
