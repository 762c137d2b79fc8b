// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static dev.tidemark.stream.fixture.Hex.DEVICE;
import static dev.tidemark.stream.fixture.Hex.HEAD;
import static dev.tidemark.stream.fixture.Hex.RAM_END;
import static dev.tidemark.stream.fixture.Hex.RAM_PART;
import static dev.tidemark.stream.fixture.Hex.RAM_START;
import static dev.tidemark.stream.fixture.Hex.bytes;
import static dev.tidemark.stream.fixture.Hex.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamElement.PackagedStream;
import dev.tidemark.stream.fixture.SourceKind;
import dev.tidemark.stream.vmstate.VmDescription;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Offsets in elements and exceptions: of every kind of element, from every kind of source.
class StreamOffsetTest {
  private static final MigrationStream SETTINGS =
      MigrationStream.of(TargetPageSize.detect()).withWindow(128 << 10);

  private static final String JSON =
      "{\"page_size\": 4096, \"devices\": [{\"name\": \"d\", \"instance_id\": 0, \"fields\":"
          + " [{\"name\": \"data\", \"size\": 2, \"type\": \"buffer\"}]}]}";

  private static final String EARLY = "04 00000005 01 64 00000000 00000001 cafe 7e 00000005";
  private static final String BITMAP_START =
      "01 00000009" + name("dirty-bitmap") + "00000000 00000001 01 7e 00000009";
  private static final String PACKAGE = "08 0007 0004 0000000a 08 0004 0000 08 0005 0000";
  private static final String SWITCHOVER = "08 000b 0000";

  /// The parts of a stream of all kinds of elements, in order, and what each is read as.
  private static final List<String> PARTS =
      List.of(
          "5145564d 00000003", // FileHeader
          HEAD.substring("5145564d 00000003 ".length()), // Configuration
          SWITCHOVER, // Command
          EARLY, // DeviceSection
          BITMAP_START, // IterableSection
          RAM_START, // RamSection
          EARLY, // DeviceSection between START and PART
          RAM_PART,
          "02 00000009 01 7e 00000009",
          PACKAGE, // PackagedStream
          RAM_END,
          DEVICE.replace("00000005", "00000006"),
          "00",
          "06"
              + String.format("%08x", JSON.length())
              + HexFormat.of().formatHex(JSON.getBytes(StandardCharsets.US_ASCII)));

  private static long[] offsets() {
    long[] offsets = new long[PARTS.size()];
    for (int i = 1; i < offsets.length; i++) {
      offsets[i] = offsets[i - 1] + bytes(PARTS.get(i - 1)).length;
    }
    return offsets;
  }

  private static byte[] stream() {
    return bytes(PARTS.toArray(String[]::new));
  }

  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void elementsStandWhereTheySay(SourceKind kind) throws IOException {
    MigrationStream settings = SETTINGS.withLayout(VmDescription.parse(JSON, 0));
    List<Long> found = new ArrayList<>();
    List<String> kinds = new ArrayList<>();
    try (StreamReader in = kind.open(settings, stream())) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        List<StreamElement> parts =
            e instanceof DeviceStateTail tail ? tail.resolve().orElseThrow() : List.of(e);
        for (StreamElement part : parts) {
          found.add(part.streamOffset());
          kinds.add(part.getClass().getSimpleName());
        }
        if (e instanceof PackagedStream packaged) {
          assertThat(packaged.commands().stream().map(StreamElement::streamOffset))
              .containsExactly(packaged.streamOffset() + 9, packaged.streamOffset() + 14);
        }
      }
    }
    long[] expected = offsets();
    assertThat(found.stream().mapToLong(Long::longValue).toArray()).isEqualTo(expected);
    assertThat(kinds)
        .containsExactly(
            "FileHeader",
            "Configuration",
            "Command",
            "DeviceSection",
            "IterableSection",
            "RamSection",
            "DeviceSection",
            "RamSection",
            "IterableSection",
            "PackagedStream",
            "RamSection",
            "DeviceSection",
            "EndOfFile",
            "VmDescription");
  }

  /// A stream that starts elsewhere in its file counts from its own start.
  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void offsetsCountFromTheStreamsStart(SourceKind kind) throws IOException {
    byte[] file = bytes("ffffffffffffffffff", String.join("", PARTS));
    MigrationStream settings = SETTINGS.withLayout(VmDescription.parse(JSON, 0));
    assertThat(offsetsOf(kind.open(settings, file, 9))).isEqualTo(offsets());
  }

  /// The same of bytes that are used where they are.
  @Test
  void offsetsInMemoryCountFromTheStreamsStart() throws IOException {
    byte[] file = bytes("ffffffffffffffffff", String.join("", PARTS));
    MemorySegment memory =
        Arena.ofAuto().allocate(file.length).copyFrom(MemorySegment.ofArray(file));
    assertThat(offsetsOf(SETTINGS.read(ByteSource.of(memory), 9))).isEqualTo(offsets());
  }

  private static long[] offsetsOf(StreamReader reader) throws IOException {
    List<Long> found = new ArrayList<>();
    try (StreamReader in = reader) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        List<StreamElement> parts =
            e instanceof DeviceStateTail tail ? tail.resolve().orElseThrow() : List.of(e);
        parts.forEach(part -> found.add(part.streamOffset()));
      }
    }
    return found.stream().mapToLong(Long::longValue).toArray();
  }

  /// A wrong type byte at the start of any element is named by its offset.
  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void aWrongTypeIsAtItsOffset(SourceKind kind) throws IOException {
    MigrationStream settings = SETTINGS.withLayout(VmDescription.parse(JSON, 0));
    long[] offsets = offsets();
    for (int i = 1; i < 11; i++) {
      byte[] damaged = stream();
      damaged[(int) offsets[i]] = 0x55;
      long at = offsets[i];
      assertThatThrownBy(() -> readAll(kind, settings, damaged))
          .as("part %d", i)
          .isInstanceOf(StreamException.Malformed.class)
          .hasMessageContaining("unknown element type 0x55 at offset 0x" + Long.toHexString(at))
          .satisfies(e -> assertThat(((StreamException) e).streamOffset()).isEqualTo(at));
    }
  }

  /// Cut anywhere before the device sections, the first missing byte is named.
  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void theFirstMissingByteIsNamed(SourceKind kind) throws IOException {
    MigrationStream settings = SETTINGS.withLayout(VmDescription.parse(JSON, 0));
    byte[] whole = stream();
    for (int length = 0; length < offsets()[11]; length++) {
      byte[] prefix = Arrays.copyOf(whole, length);
      long at = length;
      assertThatThrownBy(() -> readAll(kind, settings, prefix))
          .as("%d bytes", length)
          .isInstanceOfSatisfying(
              StreamException.Truncated.class, e -> assertThat(e.streamOffset()).isEqualTo(at));
    }
  }

  private static void readAll(SourceKind kind, MigrationStream settings, byte[] stream)
      throws IOException {
    try (StreamReader in = kind.open(settings, stream)) {
      while (in.next() != null) {}
    }
  }

  @Test
  void withoutALayoutAnEarlySectionIsRefusedOnAPipe() {
    String virtioMem =
        "04 00000005"
            + name("00:01.0/virtio-mem-device-early")
            + "00000000 00000001 cafe 7e 00000005";
    for (String early : List.of(HEAD + EARLY, HEAD + virtioMem, HEAD + RAM_START + virtioMem)) {
      long at = early.endsWith(virtioMem) ? early.length() - virtioMem.length() : HEAD.length();
      long offset = bytes(early.substring(0, (int) at)).length;
      byte[] stream = bytes(early, RAM_PART, RAM_END, DEVICE, "00");
      assertThatThrownBy(() -> readAll(SourceKind.PIPE, SETTINGS, stream))
          .isInstanceOf(StreamException.Unsupported.class)
          .hasMessageContaining(
              "before RAM, of unknown length at offset 0x" + Long.toHexString(offset));
    }
  }

  /// A layout that does not fit is found out by the footer.
  @Test
  void aLayoutThatDoesNotFitIsRefused() throws IOException {
    MigrationStream settings =
        SETTINGS.withLayout(VmDescription.parse(JSON.replace("\"size\": 2", "\"size\": 3"), 0));
    byte[] stream = bytes(HEAD, RAM_START, EARLY, RAM_PART);
    assertThatThrownBy(() -> readAll(SourceKind.PIPE, settings, stream))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageContaining("while reading section footer");
  }

  /// COLO: RAM END comes again with each checkpoint, and what follows the first migration is not
  /// read.
  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void coloIsReadUpToTheFirstMigrationsEnd(SourceKind kind) throws IOException {
    byte[] first =
        bytes(
            HEAD,
            "08 0008 0000", // ENABLE_COLO
            RAM_START,
            RAM_PART,
            RAM_END,
            RAM_END,
            PARTS.get(11),
            PARTS.get(12),
            PARTS.get(13));
    readAll(kind, SETTINGS, first);
    byte[] more = bytes(HexFormat.of().formatHex(first), SWITCHOVER, RAM_END, "00");
    long at = first.length;
    if (kind != SourceKind.ONE_BYTE_AT_A_TIME) {
      assertThatThrownBy(() -> readAll(kind, SETTINGS, more))
          .isInstanceOf(StreamException.Unsupported.class)
          .hasMessageContaining(
              "COLO checkpoint behind the first migration at offset 0x" + Long.toHexString(at));
    } else {
      // The source speaks again only when it has been answered.
      readAll(kind, SETTINGS, more);
    }
  }
}
