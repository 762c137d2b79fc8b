// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.fixture.PieceChannel;
import dev.tidemark.stream.fixture.StreamSpec;
import dev.tidemark.stream.multifd.MultifdPacket.DeviceStatePacket;
import dev.tidemark.stream.multifd.MultifdPacket.RamPacket;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MultifdChannelReaderTest {
  private static final int PAGE = 65536;
  private static final List<RamBlock> BLOCKS =
      List.of(new RamBlock(0, "pc.ram", 16 * PAGE), new RamBlock(1, "rom", 2 * PAGE));

  private static final String INITIAL =
      "11223344" // magic
          + "00000001" // version
          + "00112233445566778899aabbccddeeff" // uuid
          + "05" // channel
          + "00".repeat(39);

  private static final String SYNC =
      "11223344" // magic
          + "00000001" // version
          + "00000001" // flags: SYNC
          + "00000000" // pages_alloc
          + "00000000" // normal_pages
          + "00000000" // next_packet_size
          + "0000000000000007" // packet_num
          + "00000000" // zero_pages
          + "00".repeat(28)
          + "00".repeat(256) // RAM block
          + "00".repeat(64); // offsets

  private static final String ZEROES =
      "11223344" // magic
          + "00000001" // version
          + "00000002" // flags: zlib
          + "00000008" // pages_alloc
          + "00000000" // normal_pages
          + "00000000" // next_packet_size
          + "0000000000000009" // packet_num
          + "00000002" // zero_pages
          + "00".repeat(28)
          + "70632e72616d" // pc.ram
          + "00".repeat(250)
          + "0000000000030000" // page 3
          + "0000000000010000" // page 1
          + "0000000000050000" // not in use, left over
          + "00".repeat(40);

  private static final String DEVICE =
      "11223344" // magic
          + "00000001" // version
          + "00000040" // flags: DEVICE_STATE
          + "7666696f" // vfio
          + "00".repeat(252)
          + "ffffffff" // instance_id
          + "00000003" // next_packet_size
          + "aabbcc";

  private static byte[] bytes(String... hex) {
    return HexFormat.of().parseHex(String.join("", hex));
  }

  private static MultifdChannelReader open(byte[] channel) throws IOException {
    return MultifdChannelReader.open(Merging.SETTINGS, ByteSource.of(channel));
  }

  /// A packet with normal pages, by the format's own words.
  private static byte[] packet(MultifdMethod method, byte[] payload, int... pages) {
    ByteBuffer out = ByteBuffer.allocate(384 + payload.length);
    out.putInt(0x11223344).putInt(1).putInt(method.flag()).putInt(8).putInt(pages.length);
    out.putInt(payload.length).putLong(1);
    out.put(64, "pc.ram".getBytes(StandardCharsets.US_ASCII));
    for (int i = 0; i < pages.length; i++) {
      out.putLong(320 + 8 * i, (long) pages[i] * PAGE);
    }
    return out.put(384, payload).array();
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  private static byte[] page(int seed) {
    return StreamSpec.content(seed, PAGE);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 100_000})
  void everyKindOfPacketIsRead(int piece) throws IOException {
    byte[] channel = bytes(INITIAL, SYNC, ZEROES, DEVICE, SYNC);
    try (MultifdChannelReader in =
        MultifdChannelReader.open(Merging.SETTINGS, PieceChannel.ofSize(channel, piece))) {
      assertThat(in.initial())
          .isEqualTo(
              new MultifdInitialPacket(UUID.fromString("00112233-4455-6677-8899-aabbccddeeff"), 5));
      RamPacket sync = (RamPacket) Merging.next(in);
      assertThat(in.targetPageSize()).isEqualTo(PAGE);
      in.ramBlocks(PAGE, BLOCKS);
      assertThat(sync.streamOffset()).isEqualTo(64);
      assertThat(sync.header().isSync()).isTrue();
      assertThat(sync.header().packetNumber()).isEqualTo(7);

      RamPacket zeroes = (RamPacket) Merging.next(in);
      assertThat(zeroes.streamOffset()).isEqualTo(64 + 384);
      assertThat(zeroes.header().isSync()).isFalse();
      assertThat(zeroes.header().method()).isEqualTo(MultifdMethod.ZLIB);
      assertThat(zeroes.header().pagesAlloc()).isEqualTo(8);
      assertThat(zeroes.header().zeroPages()).isEqualTo(2);
      assertThat(zeroes.header().idstr()).isEqualTo("pc.ram");
      assertThat(zeroes.header().unusedOffsets()).containsExactly(5L * PAGE);
      List<Long> offsets = new ArrayList<>();
      zeroes
          .pages()
          .forEach(
              new PageVisitor() {
                @Override
                public void page(RamBlock b, long o, MemorySegment w, long at) {
                  throw new AssertionError();
                }

                @Override
                public void zeroPage(RamBlock block, long pageOffset) {
                  assertThat(block).isSameAs(BLOCKS.getFirst());
                  offsets.add(pageOffset);
                }
              });
      assertThat(offsets).containsExactly(3L * PAGE, 1L * PAGE);

      DeviceStatePacket state = (DeviceStatePacket) Merging.next(in);
      assertThat(state.idstr()).isEqualTo("vfio");
      assertThat(state.instanceId()).isEqualTo(-1);
      assertThat(state.data()).containsExactly(0xaa, 0xbb, 0xcc);
      assertThat(in.next()).isInstanceOf(RamPacket.class);
      assertThat(in.next()).isNull();
      assertThatThrownBy(() -> sync.pages().forEach(new MultifdSpec.Image(PAGE)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the loan of these pages has ended");
    }
  }

  @Test
  void aCopyIsTheSameBytes() throws IOException {
    byte[] channel =
        join(
            bytes(INITIAL, SYNC, DEVICE),
            packet(MultifdMethod.UADK, perPage(false, page(300), page(301)), 4, 2),
            bytes(SYNC));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (MultifdChannelReader in = open(channel);
        MultifdChannelWriter copy = new MultifdChannelWriter(Channels.newChannel(out), PAGE)) {
      copy.initial(in.initial());
      for (MultifdPacket packet = in.next(); packet != null; packet = in.next()) {
        copy.with(packet);
      }
    }
    assertThat(out.toByteArray()).isEqualTo(channel);
  }

  /// A length for each page, then each, deflated if that makes it smaller.
  private static byte[] perPage(boolean raw, byte[]... pages) {
    ByteArrayOutputStream lengths = new ByteArrayOutputStream();
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (byte[] page : pages) {
      Deflater deflater = new Deflater(1, raw);
      deflater.setInput(page);
      deflater.finish();
      byte[] out = new byte[2 * PAGE];
      int length = deflater.deflate(out);
      deflater.end();
      boolean smaller = length < PAGE;
      lengths.writeBytes(ByteBuffer.allocate(4).putInt(smaller ? length : PAGE).array());
      data.write(smaller ? out : page, 0, smaller ? length : PAGE);
    }
    return join(lengths.toByteArray(), data.toByteArray());
  }

  private static byte[] gzip(byte[] of) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(of);
    }
    byte[] plain = out.toByteArray();
    // With an extra field, as QATzip has: flag FEXTRA, then 4 bytes of subfield and 8 of sizes.
    plain[3] = 4;
    byte[] extra = HexFormat.of().parseHex("0c00" + "5155" + "0800" + "00".repeat(8));
    byte[] header = Arrays.copyOf(plain, 10);
    return join(header, extra, Arrays.copyOfRange(plain, 10, plain.length));
  }

  @Test
  void methodsOfPagesOfTheirOwnAreDecoded() throws IOException {
    byte[][] pages = {page(7), page(1000), page(0)};
    assertPages(packet(MultifdMethod.QPL, perPage(true, pages), 3, 1, 2), pages);
    assertPages(packet(MultifdMethod.UADK, perPage(false, pages), 3, 1, 2), pages);
    byte[] members = join(gzip(join(pages[0], pages[1])), gzip(pages[2]));
    assertPages(packet(MultifdMethod.QATZIP, members, 3, 1, 2), pages);
  }

  private static void assertPages(byte[] packet, byte[][] expected) throws IOException {
    try (MultifdChannelReader in = open(join(bytes(INITIAL), packet, packet))) {
      in.ramBlocks(PAGE, BLOCKS);
      MultifdSpec.Image image = new MultifdSpec.Image(PAGE);
      assertThat(in.readToSync(image)).isFalse();
      assertThat(image.visits).isEqualTo(6);
      assertThat(image.pages.get("pc.ram+" + 3 * PAGE)).isEqualTo(expected[0]);
      assertThat(image.pages.get("pc.ram+" + PAGE)).isEqualTo(expected[1]);
      assertThat(image.pages.get("pc.ram+" + 2 * PAGE)).isEqualTo(expected[2]);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"QPL", "UADK", "QATZIP", "ZLIB", "ZSTD"})
  void aPayloadThatIsNoPagesIsRefused(String name) throws IOException {
    MultifdMethod method = MultifdMethod.valueOf(name);
    byte[] noise = StreamSpec.content(4711, 1000);
    assertRefused(
        join(bytes(INITIAL), packet(method, noise, 1)),
        StreamException.Malformed.class,
        64 + 384,
        "multifd channel 5 payload");
  }

  @ParameterizedTest
  @CsvSource({
    "0, ff, 0, magic",
    "7, 02, 4, version",
    "10, 01, 8, flags 0x102",
    "11, 42, 8, flags 0x42",
    "11, 06, 8, more than one compression method",
    "15, 09, 12, 9 pages",
    "19, 09, 16, 9 normal pages in a packet for 8",
    "35, 09, 32, 9 zero pages in a packet for 8",
    "23, 01, 20, payload of 1 bytes",
    "36, 01, 36, reserved bytes",
    "64, 71, 64, unknown RAM block \"qc.ram\"",
    "80, 71, 80, bytes behind the end of a name",
    "327, 01, 320, page offset 0x30001",
    "325, 10, 320, page offset 0x100000",
    "328, 80, 328, page offset 0x8000000000010000",
  })
  void aWrongFieldIsNamedWhereItStands(int at, String value, int offset, String what)
      throws IOException {
    byte[] channel = bytes(INITIAL, ZEROES, SYNC);
    channel[64 + at] = (byte) HexFormat.fromHexDigits(value);
    assertRefused(channel, StreamException.class, 64 + offset, what);
  }

  private static void assertRefused(
      byte[] channel, Class<? extends StreamException> kind, long offset, String words)
      throws IOException {
    try (MultifdChannelReader in =
        MultifdChannelReader.open(
            MigrationStream.of(TargetPageSize.of(PAGE)), ByteSource.of(channel))) {
      in.ramBlocks(PAGE, BLOCKS);
      assertThatThrownBy(() -> in.readToSync(new MultifdSpec.Image(PAGE)))
          .isInstanceOf(kind)
          .hasMessageContaining(words)
          .hasMessageContaining("multifd channel 5")
          .extracting(e -> ((StreamException) e).streamOffset())
          .isEqualTo(offset);
      assertThatThrownBy(in::next).isInstanceOf(StreamException.class);
    }
  }

  @Test
  void pagesNeedToKnowTheBlocks() throws IOException {
    try (MultifdChannelReader in = open(bytes(INITIAL, ZEROES))) {
      assertThatThrownBy(() -> in.readToSync(new MultifdSpec.Image(PAGE)))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> in.ramBlocks(4096, BLOCKS))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1024, 4096, 16384, 65536})
  void thePageSizeIsFoundBySyncPackets(int pageSize) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (MultifdChannelWriter to = new MultifdChannelWriter(Channels.newChannel(out), pageSize)) {
      to.initial(new MultifdInitialPacket(MultifdInitialPacket.NO_UUID, 0));
      to.with(RamPacket.sync(1));
      to.with(RamPacket.sync(2));
    }
    byte[] channel = out.toByteArray();
    for (int packets = 2; packets > 0; packets--) {
      int length = 64 + packets * (320 + 8 * 524288 / pageSize);
      try (MultifdChannelReader in = open(Arrays.copyOf(channel, length))) {
        for (int i = 0; i < packets; i++) {
          assertThat(in.next()).isInstanceOf(RamPacket.class);
          assertThat(in.targetPageSize()).isEqualTo(pageSize);
        }
        assertThat(in.next()).isNull();
      }
    }
  }
}
