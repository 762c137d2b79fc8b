// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.json.JsonArray;
import dev.tidemark.qmp.json.JsonValue;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.SectionHeader;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.Configuration;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamReader;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.MemorySource;
import dev.tidemark.stream.vmstate.DeviceVmstate;
import dev.tidemark.stream.vmstate.ScalarType;
import dev.tidemark.stream.vmstate.VmdescLayout;
import dev.tidemark.stream.vmstate.VmstateValue;
import dev.tidemark.stream.vmstate.VmstateValue.Array;
import dev.tidemark.stream.vmstate.VmstateValue.Member;
import dev.tidemark.stream.vmstate.VmstateValue.Null;
import dev.tidemark.stream.vmstate.VmstateValue.Scalar;
import dev.tidemark.stream.vmstate.VmstateValue.Scalars;
import dev.tidemark.stream.vmstate.VmstateValue.Struct;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// QEMU's own `analyze-migration.py` reads the same fields with the same values out of device state
/// as the decoder does: all of them, in the same order.
@Timeout(120)
class AnalyzeFieldsLiveIT {
  /// What the script takes for numbers; it shows the others as bytes.
  private static final Set<ScalarType> NUMBERS =
      Set.of(
          ScalarType.INT8,
          ScalarType.INT16,
          ScalarType.INT32,
          ScalarType.INT64,
          ScalarType.UINT8,
          ScalarType.UINT16,
          ScalarType.UINT32,
          ScalarType.UINT64,
          ScalarType.INT32_EQUAL,
          ScalarType.UINT8_EQUAL,
          ScalarType.UINT16_EQUAL,
          ScalarType.UINT32_EQUAL,
          ScalarType.UINT64_EQUAL,
          ScalarType.INT32_LE);

  /// Those whose sign the script shows, if it is set.
  private static final Set<ScalarType> SIGNED_IN_SCRIPT =
      Set.of(
          ScalarType.INT8,
          ScalarType.INT16,
          ScalarType.INT32,
          ScalarType.INT64,
          ScalarType.INT32_EQUAL,
          ScalarType.UINT8_EQUAL,
          ScalarType.UINT16_EQUAL,
          ScalarType.UINT64_EQUAL,
          ScalarType.INT32_LE);

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "devices/q35-10.0",
        "devices/pc-10.0",
        "devices/virt-10.0",
        "pc-10.0-stopped",
        "pc-10.0-virtio-mem",
        "pc-7.2-busy",
        "pc-7.2-machine-2.3",
        "q35-7.2-stopped",
        "virt-10.0-busy",
        "pseries-10.0-htab",
        "s390x-10.0-storage-attributes"
      })
  void bothReadTheSameFields(String name) throws IOException, InterruptedException {
    byte[] stream = name.startsWith("devices/") ? stream(name) : Corpus.bytes(name);
    List<String> lines = new ArrayList<>();
    for (DeviceVmstate device : devices(stream)) {
      String path =
          device.header().idstr()
              + "/"
              + Integer.toUnsignedString(device.header().instanceId())
              + ":";
      show(path, device.fields(), lines);
    }
    List<String> theirs = seenByTheScript(stream);
    assertThat(theirs).hasSizeGreaterThan(500);
    assertThat(lines).isEqualTo(theirs);
  }

  private List<String> seenByTheScript(byte[] stream) throws IOException, InterruptedException {
    Path driver = folder.resolve("analyze-fields.py");
    try (InputStream in = AnalyzeFieldsLiveIT.class.getResourceAsStream("analyze-fields.py")) {
      Files.copy(Objects.requireNonNull(in), driver);
    }
    Files.write(folder.resolve("stream"), stream);
    Path out = folder.resolve("out");
    Process process =
        new ProcessBuilder(
                "python3",
                "-B",
                driver.toString(),
                LiveQemu.analyzeMigration().toString(),
                "stream")
            .directory(folder.toFile())
            .redirectOutput(out.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertThat(process.waitFor(90, TimeUnit.SECONDS)).as("the script ends").isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).isZero();
    // The first line names the stream. Parsed, since both may write the same text differently.
    List<String> lines = new ArrayList<>();
    for (String line : Files.readAllLines(out, StandardCharsets.US_ASCII)) {
      lines.add(JsonValue.parse(line).toString());
    }
    return lines.subList(1, lines.size());
  }

  private static List<DeviceVmstate> devices(byte[] stream) throws IOException {
    List<DeviceSection> sections = new ArrayList<>();
    String vmdesc = "";
    try (StreamReader in =
        MigrationStream.of(TargetPageSize.detect()).read(new MemorySource(stream))) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof DeviceSection section) {
          sections.add(section);
        } else if (e instanceof StreamElement.VmDescription description) {
          vmdesc = description.json();
        }
      }
    }
    return DeviceVmstate.decode(sections, VmdescLayout.parse(vmdesc, 0));
  }

  /// The lines that the driver would print of a value.
  private static void show(String path, VmstateValue value, List<String> lines) {
    switch (value) {
      case Struct s when s.type().equals("struct") -> {
        s.members().forEach(m -> show(path + "." + m.name(), m.value(), lines));
        s.subsections().forEach(sub -> show(path + "." + sub.name(), sub.fields(), lines));
      }
      case Array a -> {
        for (int i = 0; i < a.elements().size(); i++) {
          show(path + "[" + i + "]", a.elements().get(i), lines);
        }
      }
      case Scalars s -> {
        for (int i = 0; i < s.count(); i++) {
          show(path + "[" + i + "]", s.get(i), lines);
        }
      }
      case Scalar s when NUMBERS.contains(s.kind()) -> lines.add(line(path, number(s)));
      case Scalar s when s.kind() == ScalarType.BOOL ->
          lines.add(line(path, s.isTrue() ? "True" : "False"));
      case Null() -> lines.add(line(path, "nullptr"));
      default -> lines.add(line(path, HexFormat.ofDelimiter(" ").formatHex(bytes(value))));
    }
  }

  private static String number(Scalar s) {
    int shift = 64 - 8 * s.size();
    long signed = s.value() << shift >> shift;
    String digits = "0x" + HexFormat.of().toHexDigits(s.value(), 2 * s.size());
    return signed < 0 && SIGNED_IN_SCRIPT.contains(s.kind())
        ? digits + " (" + signed + ")"
        : digits;
  }

  private static byte[] bytes(VmstateValue value) {
    Struct only = new Struct("struct", "", 0, List.of(new Member("", value)), List.of());
    return new DeviceVmstate(0, new SectionHeader(0, "d", 0, 0), false, only, Optional.empty())
        .toSection()
        .body();
  }

  private static String line(String path, String text) {
    return JsonArray.of(path, text).toString();
  }

  /// Device state with a header and a configuration before it, as vmdesc describes one.
  private static byte[] stream(String name) throws IOException {
    byte[] tail;
    try (InputStream in =
        AnalyzeFieldsLiveIT.class.getResourceAsStream("/corpus/" + name + ".bin.gz")) {
      tail = new GZIPInputStream(Objects.requireNonNull(in)).readAllBytes();
    }
    int json = tail.length - 1;
    while (tail[json] != '{' || tail.length - json != ByteBuffer.wrap(tail).getInt(json - 4)) {
      json--;
    }
    String vmdesc = new DeviceStateTail(0, tail, json - 6).vmdesc().orElseThrow();
    VmdescLayout.Vmsd described = VmdescLayout.parse(vmdesc, 0).configuration().orElseThrow();
    MachineConfiguration machine =
        new MachineConfiguration(
            "m".repeat(described.fields().getLast().size()),
            described.subsections().isEmpty() ? OptionalInt.empty() : OptionalInt.of(12),
            List.of(),
            Optional.empty());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(HexFormat.of().parseHex("5145564d0000000307"));
    out.writeBytes(Configuration.of(machine).bytes());
    out.writeBytes(tail);
    return out.toByteArray();
  }
}
