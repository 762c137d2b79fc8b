// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.stream.CheckpointStreamWriter;
import dev.tidemark.checkpoint.stream.StreamCheckpointStream;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamReader;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.multifd.MultifdPacket.RamPacket;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamRecordVisitor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Channels that real QEMUs have written.
class MultifdCorpusTest {
  private static final int PAGE = 4096;
  private static final MigrationStream SETTINGS = Merging.settings(PAGE);

  /// In place of a page of which an epoch has two versions; not as long as a page.
  private static final byte[] UNDECIDED = {};

  private interface OnConnections {
    void accept(List<byte[]> connections) throws IOException;
  }

  private static Stream<DynamicTest> each(OnConnections test) throws IOException {
    return Corpus.names(Corpus.Kind.MULTIFD).stream()
        .map(
            name ->
                DynamicTest.dynamicTest(
                    name,
                    () -> {
                      List<byte[]> connections = new ArrayList<>(Corpus.channels(name));
                      connections.addFirst(Corpus.bytes(name));
                      assertThat(connections).as("with 2 channels or more").hasSizeGreaterThan(2);
                      test.accept(connections);
                    }));
  }

  @TestFactory
  Stream<DynamicTest> copiesAreTheSameBytes() throws IOException {
    return each(
        connections -> {
          for (byte[] channel : connections.subList(1, connections.size())) {
            assertThat(rewritten(channel, List.of(), packet -> packet)).isEqualTo(channel);
          }
        });
  }

  @TestFactory
  Stream<DynamicTest> rebuiltPacketsAreTheSame() throws IOException {
    return each(
        connections -> {
          List<RamBlock> blocks = blocks(connections.getFirst());
          for (byte[] channel : connections.subList(1, connections.size())) {
            byte[] again = rewritten(channel, blocks, MultifdPropertyTest::rebuild);
            if (method(channel) == MultifdMethod.NONE) {
              assertThat(again).isEqualTo(channel);
            } else {
              // Another version of the compressor makes other bytes of the same pages.
              assertSamePackets(again, channel, blocks);
            }
          }
        });
  }

  @TestFactory
  Stream<DynamicTest> newestVersionOfEachPageWins() throws IOException {
    return each(
        connections -> {
          Map<String, byte[]> expected = byEpochs(connections);
          List<byte[]> shuffled = new ArrayList<>(connections);
          Collections.shuffle(shuffled, new Random(1));
          try (MultifdCheckpointStream merged = Merging.open(Merging.SETTINGS, shuffled)) {
            Merging.assertSame(Merging.image(merged), expected);
            // QEMU sends each page at least once.
            long pages = merged.ramBlocks().stream().mapToLong(b -> b.usedLength() / PAGE).sum();
            assertThat(expected).hasSize((int) pages);
            assertThat(merged.deviceState().vmdesc()).isPresent();
          }
        });
  }

  @TestFactory
  Stream<DynamicTest> onePlainStreamHoldsTheSame() throws IOException {
    return each(
        connections -> {
          ByteArrayOutputStream out = new ByteArrayOutputStream();
          Map<String, byte[]> expected;
          try (MultifdCheckpointStream merged = Merging.open(SETTINGS, connections)) {
            expected = Merging.image(merged);
          }
          try (MultifdCheckpointStream merged = Merging.openPieces(SETTINGS, connections, 5000)) {
            CheckpointStreamWriter.write(
                merged, Channels.newChannel(out), CheckpointStreamWriter.Options.DEFAULT);
          }
          try (CheckpointStream plain =
              StreamCheckpointStream.open(SETTINGS, ByteSource.of(out.toByteArray()))) {
            MultifdSpec.Image image = new MultifdSpec.Image(PAGE);
            plain.forEachPage(image);
            Merging.assertSame(image.pages, expected);
          }
        });
  }

  @TestFactory
  Stream<DynamicTest> cutAndFlippedAnywhere() throws IOException {
    return each(
        connections -> {
          Random random = new Random(7);
          for (int i = 0; i < 60; i++) {
            int index = 1 + random.nextInt(connections.size() - 1);
            byte[] channel = connections.get(index);
            int at = random.nextInt(i % 3 == 0 ? 4000 : channel.length);
            List<byte[]> damaged = new ArrayList<>(connections);
            damaged.set(index, Arrays.copyOf(channel, at));
            assertThat(Merging.reads(SETTINGS, damaged)).as("cut at %d", at).isFalse();
            byte[] flipped = channel.clone();
            flipped[at] ^= (byte) (1 << random.nextInt(8));
            damaged.set(index, flipped);
            Merging.reads(SETTINGS, damaged);
          }
        });
  }

  private interface Change {
    MultifdPacket of(MultifdPacket packet);
  }

  private static byte[] rewritten(byte[] channel, List<RamBlock> blocks, Change change)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (MultifdChannelReader in =
            MultifdChannelReader.open(Merging.SETTINGS, ByteSource.of(channel));
        MultifdChannelWriter to = new MultifdChannelWriter(Channels.newChannel(out), PAGE)) {
      if (!blocks.isEmpty()) {
        in.ramBlocks(PAGE, blocks);
      }
      to.initial(in.initial());
      for (MultifdPacket packet = in.next(); packet != null; packet = in.next()) {
        to.with(change.of(packet));
      }
    }
    return out.toByteArray();
  }

  private static MultifdMethod method(byte[] channel) throws IOException {
    try (MultifdChannelReader in = MultifdChannelReader.open(SETTINGS, ByteSource.of(channel))) {
      while (in.method() == null && in.next() != null) {
        // Until a packet has pages.
      }
      MultifdMethod found = in.method();
      return found == null ? MultifdMethod.NONE : found;
    }
  }

  private static void assertSamePackets(byte[] one, byte[] other, List<RamBlock> blocks)
      throws IOException {
    try (MultifdChannelReader a = MultifdChannelReader.open(SETTINGS, ByteSource.of(one));
        MultifdChannelReader b = MultifdChannelReader.open(SETTINGS, ByteSource.of(other))) {
      a.ramBlocks(PAGE, blocks);
      b.ramBlocks(PAGE, blocks);
      MultifdPacket expected = b.next();
      while (expected != null) {
        MultifdSpec.Image left = new MultifdSpec.Image(PAGE);
        MultifdSpec.Image right = new MultifdSpec.Image(PAGE);
        MultifdPacket actual = Merging.next(a);
        RamPacketHeader header = ((RamPacket) actual).header();
        assertThat(header)
            .usingRecursiveComparison()
            .ignoringFields("nextPacketSize")
            .isEqualTo(((RamPacket) expected).header());
        ((RamPacket) actual).pages().forEach(left);
        ((RamPacket) expected).pages().forEach(right);
        Merging.assertSame(left.pages, right.pages);
        expected = b.next();
      }
      assertThat(a.next()).isNull();
    }
  }

  private static List<RamBlock> blocks(byte[] main) throws IOException {
    try (StreamReader in = SETTINGS.read(ByteSource.of(main))) {
      while (in.ramBlocks().isEmpty()) {
        assertThat(in.next()).isNotNull();
      }
      return in.ramBlocks();
    }
  }

  /// The newest version of each page, found in another way: all connections are cut into epochs
  /// first, each by itself, and then compared.
  private static Map<String, byte[]> byEpochs(List<byte[]> connections) throws IOException {
    List<Map<String, byte[]>> epochs = new ArrayList<>();
    List<RamBlock> blocks = blocks(connections.getFirst());
    for (byte[] channel : connections.subList(1, connections.size())) {
      try (MultifdChannelReader in = MultifdChannelReader.open(SETTINGS, ByteSource.of(channel))) {
        in.ramBlocks(PAGE, blocks);
        int epoch = 0;
        for (MultifdPacket p = in.next(); p != null; p = in.next()) {
          MultifdSpec.Image image = new MultifdSpec.Image(PAGE);
          ((RamPacket) p).pages().forEach(image);
          addTo(epochs, epoch, image.pages);
          epoch += ((RamPacket) p).header().isSync() ? 1 : 0;
        }
      }
    }
    addMain(epochs, connections.getFirst());
    Map<String, byte[]> newest = new TreeMap<>();
    epochs.forEach(newest::putAll);
    assertThat(newest.values()).doesNotContain(UNDECIDED);
    return newest;
  }

  /// QEMU 7.2 now and then sends a page twice in one epoch, on two channels. Which one wins does
  /// not matter if they are the same, or if the page comes again in a later epoch.
  private static void addTo(
      List<Map<String, byte[]>> epochs, int epoch, Map<String, byte[]> pages) {
    while (epochs.size() <= epoch) {
      epochs.add(new TreeMap<>());
    }
    for (Map.Entry<String, byte[]> page : pages.entrySet()) {
      byte[] before = epochs.get(epoch).put(page.getKey(), page.getValue());
      if (before != null && !Arrays.equals(before, page.getValue())) {
        epochs.get(epoch).put(page.getKey(), UNDECIDED);
      }
    }
  }

  /// Zero pages of the main stream; its epochs are found by the bytes of FLUSH words.
  private static void addMain(List<Map<String, byte[]>> epochs, byte[] main) throws IOException {
    long[] epochOf = {0};
    boolean perRound = false;
    try (StreamReader in = SETTINGS.read(ByteSource.of(main))) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof RamSection section) {
          long before = epochOf[0];
          section.pages().forEachRecord(new MainRecords(epochs, epochOf));
          perRound |= section.phase() == RamSection.Phase.START && epochOf[0] > before;
          epochOf[0] += perRound ? 0 : 1;
        }
      }
    }
  }

  /// Counts flush words and takes zero pages.
  private static final class MainRecords implements RamRecordVisitor {
    private final List<Map<String, byte[]>> epochs;
    private final long[] epoch;

    MainRecords(List<Map<String, byte[]>> epochs, long[] epoch) {
      this.epochs = epochs;
      this.epoch = epoch;
    }

    @Override
    public void page(
        RamBlock block, long pageOffset, boolean continued, MemorySegment window, long at) {
      throw new AssertionError("a page with content in the main stream");
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset, boolean continued, byte fill) {
      MultifdSpec.Image image = new MultifdSpec.Image(PAGE);
      image.zeroPage(block, pageOffset);
      addTo(epochs, (int) epoch[0], image.pages);
    }

    @Override
    public void xbzrlePage(
        RamBlock b, long pageOffset, boolean continued, MemorySegment w, long at, int length) {
      throw new AssertionError();
    }

    @Override
    public void compressedPage(
        RamBlock b, long pageOffset, boolean continued, MemorySegment w, long at, int length) {
      throw new AssertionError();
    }

    @Override
    public void multifdFlush() {
      epoch[0]++;
    }
  }
}
