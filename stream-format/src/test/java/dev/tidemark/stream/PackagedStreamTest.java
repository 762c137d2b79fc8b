// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static dev.tidemark.stream.fixture.Hex.DEVICE;
import static dev.tidemark.stream.fixture.Hex.HEAD;
import static dev.tidemark.stream.fixture.Hex.RAM_END;
import static dev.tidemark.stream.fixture.Hex.RAM_PART;
import static dev.tidemark.stream.fixture.Hex.RAM_START;
import static dev.tidemark.stream.fixture.Hex.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.PackagedStream;
import dev.tidemark.stream.fixture.PieceChannel;
import dev.tidemark.stream.fixture.SourceKind;
import dev.tidemark.stream.vmstate.VmDescription;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// PACKAGED commands and the postcopy stream around them.
class PackagedStreamTest {
  private static final MigrationStream SETTINGS =
      MigrationStream.of(TargetPageSize.detect()).withWindow(128 << 10);

  private static final String LISTEN = "08 0004 0000";
  private static final String PING = "08 0002 0004 00000003";
  private static final String RUN = "08 0005 0000";
  private static final String CONTENT = LISTEN + DEVICE + PING + RUN;

  private static String packaged(String content) {
    return String.format("08 0007 0004 %08x", bytes(content).length) + content;
  }

  /// As a source with postcopy writes it: more RAM behind the package, EOF, no vmdesc.
  private static final byte[] POSTCOPY =
      bytes(
          HEAD,
          "08 0003 0010 0000000000001000 0000000000001000", // ADVISE
          RAM_START,
          RAM_PART,
          "08 0006 0014 00 01 61 00 0000000000000000 0000000000001000",
          packaged(CONTENT),
          RAM_PART,
          RAM_PART,
          RAM_END,
          "00");

  private static VmDescription layout(int bodySize) throws StreamException {
    return VmDescription.parse(
        "{\"page_size\": 4096, \"devices\": [{\"name\": \"d\", \"instance_id\": 0, \"fields\":"
            + " [{\"name\": \"data\", \"size\": "
            + bodySize
            + ", \"type\": \"buffer\"}]}]}",
        0);
  }

  private static PackagedStream packageOf(String content) {
    return new PackagedStream(100, bytes(content));
  }

  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void postcopyStreamIsReadToItsEndAndWrittenAsRead(SourceKind kind) throws IOException {
    List<String> seen = new ArrayList<>();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (StreamReader in = kind.open(SETTINGS, POSTCOPY);
        StreamWriter writer = MigrationStream.write(Channels.newChannel(out))) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        seen.add(e.getClass().getSimpleName());
        writer.with(e);
      }
    }
    assertThat(out.toByteArray()).isEqualTo(POSTCOPY);
    assertThat(seen)
        .containsExactly(
            "FileHeader",
            "Configuration",
            "Command",
            "RamSection",
            "RamSection",
            "Command",
            "PackagedStream",
            "RamSection",
            "RamSection",
            "RamSection",
            "EndOfFile");
  }

  /// The source keeps the connection open until the destination says that it is done.
  @Test
  void nothingIsWaitedForBehindEof() throws IOException {
    try (StreamReader in = SETTINGS.read(PieceChannel.live(POSTCOPY))) {
      while (in.next() != null) {}
    }
  }

  @Test
  void resolvesIntoElementsWithOffsetsOfTheWholeStream() throws IOException {
    PackagedStream read = packageOf(CONTENT);
    assertThat(read.commands())
        .singleElement()
        .isInstanceOfSatisfying(
            Command.class,
            c -> {
              assertThat(c.command()).isEqualTo(Command.POSTCOPY_LISTEN);
              assertThat(c.streamOffset()).isEqualTo(109);
            });
    List<StreamElement> elements = read.resolve(layout(2)).orElseThrow();
    assertThat(elements.stream().map(e -> e.getClass().getSimpleName() + " " + e.streamOffset()))
        .containsExactly("Command 109", "DeviceSection 114", "Command 136", "Command 145");
    assertThat(((DeviceSection) elements.get(1)).body()).isEqualTo(bytes("cafe"));
    assertThat(PackagedStream.of(elements).bytes()).isEqualTo(read.bytes());
  }

  @Test
  void layoutThatDoesNotFitGivesNothingAndTheBytesStay() throws IOException {
    PackagedStream read = packageOf(CONTENT);
    assertThat(read.resolve(layout(1))).isEmpty();
    assertThat(read.resolve(layout(3000))).isEmpty();
    assertThat(read.resolve(VmDescription.parse("{}", 0))).isEmpty();
    assertThat(read.bytes()).isEqualTo(bytes(CONTENT));
    // Nothing but commands needs no layout.
    assertThat(packageOf(LISTEN + RUN).resolve(VmDescription.parse("{}", 0)).orElseThrow())
        .hasSize(2);
  }

  @Test
  void packagesOfAnotherFormAreRefused() throws StreamException {
    fails(
        packaged(HEAD), StreamException.Malformed.class, "file header in a package at offset 0x1c");
    fails(
        packaged(LISTEN + packaged(RUN)),
        StreamException.Malformed.class,
        "package in a package at offset 0x21");
    fails(
        packaged(RAM_PART),
        StreamException.Malformed.class,
        "element type 0x2 in a package at offset 0x1c");
    fails(packaged("08 0004 0001 00"), StreamException.Malformed.class, "at offset 0x21");
    fails(packaged("08 00"), StreamException.Truncated.class, "the stream ends at offset 0x1e");
    fails(
        "08 0007 0004 7fffffff",
        StreamException.LimitExceeded.class,
        "package of 2147483647 bytes at offset 0x18");
    fails(
        "08 0007 0004 ffffffff",
        StreamException.LimitExceeded.class,
        "package of 4294967295 bytes at offset 0x18");
    fails("08 0007 0004 00000010 08", StreamException.Truncated.class, "at offset 0x1d");
    VmDescription layout = layout(2);
    PackagedStream nestedBehindDevices = packageOf(DEVICE + packaged(RUN));
    assertThatThrownBy(() -> nestedBehindDevices.resolve(layout))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageContaining("package in a package at offset 0x83");
    assertThatThrownBy(() -> PackagedStream.of(List.of(new StreamElement.EndOfFile(0))))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static void fails(String hex, Class<? extends StreamException> type, String message) {
    assertThatThrownBy(
            () -> {
              try (StreamReader in = SourceKind.PIPE.open(SETTINGS, bytes(HEAD, hex))) {
                while (in.next() != null) {}
              }
            })
        .isInstanceOf(type)
        .hasMessageContaining(message);
  }
}
