// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static dev.tidemark.stream.fixture.Hex.HEAD;
import static dev.tidemark.stream.fixture.Hex.RAM_END;
import static dev.tidemark.stream.fixture.Hex.RAM_PART;
import static dev.tidemark.stream.fixture.Hex.RAM_START;
import static dev.tidemark.stream.fixture.Hex.bytes;
import static dev.tidemark.stream.fixture.Hex.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.stream.StreamElement.IterableSection;
import dev.tidemark.stream.fixture.SourceKind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Sections of iterable devices: their ends are found by the grammar of each kind.
class IterableSectionTest {
  private static final MigrationStream SETTINGS =
      MigrationStream.of(TargetPageSize.detect()).withWindow(128 << 10);

  /// A kind with the bodies of its START, PART and END.
  private record Kind(String idstr, int version, String start, String part, String end) {
    String start(int id) {
      return String.format("01 %08x %s 00000000 %08x", id, name(idstr), version) + start + foot(id);
    }

    String part(int id) {
      return String.format("02 %08x", id) + part + foot(id);
    }

    String end(int id) {
      return String.format("03 %08x", id) + end + foot(id);
    }

    private static String foot(int id) {
      return String.format("7e %08x", id);
    }
  }

  private static final List<Kind> KINDS =
      List.of(
          new Kind(
              "dirty-bitmap",
              1,
              "1c 02 6e6e 02 626d 00010000 01" // START of "bm" on "nn": 64 KiB, enabled
                  + "01", // EOS
              "4c 02 6e6e 02 626d" // BITS with both names
                  + "0000000000000000 00001000 0000000000000004 01027e03" // 4 bytes of bits
                  + "42 0000000000001000 00000010" // BITS and ZEROES
                  + "01",
              "20 01"), // COMPLETE, EOS
          new Kind(
              "spapr/htab",
              1,
              "00000018", // a table of 2^24 bytes
              "00000000" // runs follow
                  + "00000007 0001 0002 7e0000027e0000027e0000027e000002" // one valid entry
                  + "00000000 0000 0000", // no more
              "ffffffff"), // no table
          new Kind(
              "s390-storage_attributes",
              0,
              "0000000000000001", // EOS
              "0000000000005002 0000000000000003 7e0000" // MORE, from page 5
                  + "0000000000000001",
              "0000000000000008 0000000000000001"), // DONE, EOS
          new Kind(
              "0000:00:04.0/vfio",
              1,
              "ffffffffef100003 ffffffffef100001", // setup, end
              "ffffffffef100004 0000000000000005 7e00000005" // data
                  + "ffffffffef100005", // first data sent
              "ffffffffef100004 0000000000000000 ffffffffef100001")); // no data, end

  private static byte[] stream() {
    StringBuilder hex = new StringBuilder(HEAD);
    for (int i = 0; i < KINDS.size(); i++) {
      hex.append(KINDS.get(i).start(10 + i));
    }
    hex.append(RAM_START);
    for (int i = KINDS.size() - 1; i >= 0; i--) {
      hex.append(RAM_PART).append(KINDS.get(i).part(10 + i));
    }
    hex.append(RAM_END);
    for (int i = 0; i < KINDS.size(); i++) {
      hex.append(KINDS.get(i).end(10 + i));
    }
    return bytes(hex + "00");
  }

  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void bodiesAreDeliveredAsTheyStandBetweenRam(SourceKind kind) throws IOException {
    List<String> seen = new ArrayList<>();
    try (StreamReader in = kind.open(SETTINGS, stream())) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof IterableSection s) {
          Kind expected = KINDS.get(s.header().sectionId() - 10);
          assertThat(s.header().idstr()).isEqualTo(expected.idstr());
          String body =
              switch (s.phase()) {
                case START -> expected.start();
                case PART -> expected.part();
                case END -> expected.end();
              };
          assertThat(s.body()).isEqualTo(bytes(body));
          assertThat(s.footer()).isTrue();
          seen.add(s.phase() + " " + s.header().sectionId());
        }
      }
    }
    assertThat(seen)
        .containsExactly(
            "START 10",
            "START 11",
            "START 12",
            "START 13",
            "PART 13",
            "PART 12",
            "PART 11",
            "PART 10",
            "END 10",
            "END 11",
            "END 12",
            "END 13");
  }

  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void writtenAsRead(SourceKind kind) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (StreamReader in = kind.open(SETTINGS, stream());
        StreamWriter writer = MigrationStream.write(Channels.newChannel(out))) {
      writer.transform(in, StreamTransform.IDENTITY);
    }
    assertThat(out.toByteArray()).isEqualTo(stream());
  }

  @Test
  void everyPrefixIsTruncated() {
    byte[] whole = stream();
    for (int length = 19; length < whole.length; length++) {
      byte[] prefix = Arrays.copyOf(whole, length);
      long at = length;
      assertThatThrownBy(() -> readAll(SETTINGS, prefix))
          .as("%d bytes", length)
          .isInstanceOfSatisfying(
              StreamException.class, e -> assertThat(e.streamOffset()).isLessThanOrEqualTo(at));
    }
  }

  @Test
  void whatHasNoGrammarIsNamed() {
    fails(
        "01 00000001 05 626c6f636b 00000000 00000001",
        StreamException.Unsupported.class,
        "live section \"block\" at offset 0x13");
    fails(
        "01 00000001" + name("dirty-bitmap") + "00000000 00000002",
        StreamException.Unsupported.class,
        "version 2 of live section \"dirty-bitmap\" at offset 0x13");
    String vfio = "01 00000001 04 7666696f 00000000 00000001";
    fails(
        vfio + "ffffffffef100002",
        StreamException.Unsupported.class,
        "device configuration in a live section at offset 0x25");
    fails(vfio + "0000000000000000", StreamException.Malformed.class, "tag 0x0 at offset 0x25");
    fails(
        vfio + "ffffffffef100003 0000000000000000",
        StreamException.Malformed.class,
        "behind the setup tag at offset 0x2d");
    String attributes = "01 00000001" + name("s390-storage_attributes") + "00000000 00000000";
    fails(
        attributes + "0000000000001004",
        StreamException.Malformed.class,
        "could not read at offset 0x38");
    fails(
        attributes + "0000000000000010",
        StreamException.Malformed.class,
        "flags 0x10 at offset 0x38");
    fails(
        "01 00000001" + name("dirty-bitmap") + "00000000 00000001 80",
        StreamException.Malformed.class,
        "flags 0x80 at offset 0x2d");
    fails(
        KINDS.get(1).start(2) + KINDS.get(1).start(2),
        StreamException.Malformed.class,
        "a second START of section id 0x2 at offset 0x35");
  }

  @Test
  void lengthsAreBounded() {
    String vfio = "01 00000001 04 7666696f 00000000 00000001 ffffffffef100004";
    for (String length : List.of("7fffffffffffffff", "ffffffffffffffff", "0000000020000000")) {
      fails(
          vfio + length,
          StreamException.LimitExceeded.class,
          "body of more than 536870912 bytes, begun at 0x25 at offset 0x2d");
    }
    MigrationStream small = SETTINGS.withLimits(StreamLimits.DEFAULT.withIterableBytes(20));
    assertThatThrownBy(() -> readAll(small, bytes(HEAD, vfio, "0000000000000005 0102030405")))
        .isInstanceOf(StreamException.LimitExceeded.class)
        .hasMessageContaining("body of more than 20 bytes");
  }

  private static void fails(String hex, Class<? extends StreamException> type, String message) {
    assertThatThrownBy(() -> readAll(SETTINGS, bytes(HEAD, hex)))
        .isInstanceOf(type)
        .hasMessageContaining(message);
  }

  private static void readAll(MigrationStream settings, byte[] stream) throws IOException {
    try (StreamReader in = SourceKind.PIPE.open(settings, stream)) {
      while (in.next() != null) {}
    }
  }
}
