// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static dev.tidemark.stream.fixture.Hex.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.fixture.Hex;
import dev.tidemark.stream.fixture.PieceChannel;
import dev.tidemark.stream.fixture.SourceKind;
import dev.tidemark.stream.ram.RamBlockEntry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/// The block list with each of its optional fields.
class BlockListTest {
  private static final MigrationStream SETTINGS =
      MigrationStream.of(TargetPageSize.detect()).withWindow(128 << 10);

  /// Configuration with one capability.
  private static final String IGNORE_SHARED =
      "5145564d 00000003 07 00000006 70632d312e30 05"
          + Hex.name("configuration/capabilities")
          + "00000001 00000001"
          + Hex.name("x-ignore-shared");

  private static final String ADVISE = "08 0003 0010 0000000000201000 0000000000001000";
  private static final String END = "0000000000000010 7e 00000002";

  /// An entry's optional fields; 0 stands for a page size that is not there.
  record Fields(long hostPageSize, long address) {}

  private static String list(List<Fields> entries, boolean addresses, String behind) {
    StringBuilder hex = new StringBuilder("01 00000002 03 72616d 00000000 00000004");
    hex.append(String.format("%016x", entries.size() * 0x1000L | 4));
    for (int i = 0; i < entries.size(); i++) {
      hex.append(Hex.name("b" + i)).append("0000000000001000");
      if (entries.get(i).hostPageSize() != 0) {
        hex.append(String.format("%016x", entries.get(i).hostPageSize()));
      }
      if (addresses) {
        hex.append(String.format("%016x", entries.get(i).address()));
      }
    }
    return hex + behind + END;
  }

  private static List<RamBlockEntry> read(byte[] stream) throws IOException {
    // Live: fails if more is asked for than is needed.
    try (StreamReader in = SETTINGS.read(PieceChannel.live(stream))) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof RamSection ram) {
          return ram.blockList();
        }
      }
    }
    throw new AssertionError("no RAM");
  }

  @Provide
  Arbitrary<List<Fields>> entries() {
    Arbitrary<Long> pageSizes = Arbitraries.of(0L, 0x10000L, 0x200000L, 0x40000000L);
    // Powers of two among them, which look like page sizes.
    Arbitrary<Long> addresses =
        Arbitraries.of(0L, 0x1000L, 0x200000L, 0xfffc0000L, 0x100000000L, 0xfd00000000L);
    return pageSizes
        .flatMap(size -> addresses.map(address -> new Fields(size, address)))
        .list()
        .ofMinSize(1)
        .ofMaxSize(6);
  }

  @Property(tries = 500)
  void pageSizesAndAddressesAreToldApart(
      @ForAll("entries") List<Fields> entries, @ForAll boolean flush) throws IOException {
    String list = list(entries, true, flush ? "0000000000000200" : "");
    List<Fields> found = new ArrayList<>();
    for (RamBlockEntry entry : read(bytes(IGNORE_SHARED, ADVISE, list))) {
      found.add(new Fields(entry.hostPageSize().orElse(0), entry.address().orElseThrow()));
    }
    assertThat(found).isEqualTo(entries);
  }

  @Property(tries = 200)
  void pageSizesAloneAreFound(@ForAll("entries") List<Fields> entries, @ForAll boolean flush)
      throws IOException {
    String list = list(entries, false, flush ? "0000000000000200" : "");
    List<RamBlockEntry> found = read(bytes(Hex.HEAD, ADVISE, list));
    assertThat(found.stream().map(entry -> entry.hostPageSize().orElse(0)))
        .isEqualTo(entries.stream().map(Fields::hostPageSize).toList());
    assertThat(found).allMatch(entry -> entry.address().equals(OptionalLong.empty()));
  }

  @Property(tries = 100)
  void anyListIsWrittenAsRead(@ForAll("entries") List<Fields> entries, @ForAll SourceKind kind)
      throws IOException {
    byte[] stream = bytes(IGNORE_SHARED, ADVISE, list(entries, true, ""), Hex.RAM_END, "00");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (StreamReader in = kind.open(SETTINGS, stream);
        StreamWriter writer = MigrationStream.write(Channels.newChannel(out))) {
      writer.transform(in, StreamTransform.reencodingRam());
    }
    assertThat(out.toByteArray()).isEqualTo(stream);
  }

  @Test
  void postcopyOfBitmapsAloneHasNoPageSizes() throws IOException {
    List<Fields> one = List.of(new Fields(0, 0));
    assertThat(read(bytes(Hex.HEAD, "08 0003 0000", list(one, false, ""))))
        .allMatch(entry -> entry.hostPageSize().isEmpty());
  }

  @Test
  void listsOfAnotherFormAreRefused() {
    String start = "01 00000002 03 72616d 00000000 00000004";
    fails(start + "0000000000000004", StreamException.Malformed.class, "no RAM at offset 0x24");
    fails(
        start + "0000000000001004 01 61 0000000000002000",
        StreamException.Malformed.class,
        "used length 0x2000 of \"a\" at offset 0x2e");
    fails(
        start + "0000000000002004 01 61 0000000000001000 01 61 0000000000001000",
        StreamException.Malformed.class,
        "RAM block \"a\" again at offset 0x36");
    fails(
        start + "4000000000000004",
        StreamException.LimitExceeded.class,
        "bytes of RAM at offset 0x24");
    fails(
        start + "0000000000001004 00",
        StreamException.Malformed.class,
        "empty name at offset 0x2c");
  }

  private static void fails(String hex, Class<? extends StreamException> type, String message) {
    assertThatThrownBy(() -> read(bytes(Hex.HEAD, hex)))
        .isInstanceOf(type)
        .hasMessageContaining(message);
  }
}
