// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.json.JsonArray;
import dev.tidemark.qmp.json.JsonValue;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.SectionHeader;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.IterableSection;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamReader;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.MemorySource;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// QEMU's own `analyze-migration.py` sees the same sections, RAM blocks and pages in the corpus as
/// the reader does, in the same order.
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AnalyzeMigrationLiveIT {
  private static final String COMMAND = "Unknown QEMU_VM_COMMAND: ";

  /// Said of a stream at whose end there is no vmdesc.
  private static final String NO_VMDESC = "";

  /// Read where the block list goes on, which stands elsewhere in the file.
  private static final String NOT_A_NAME = "";

  /// What the script cannot read, and what it says. A return path and dirty bitmaps begin with a
  /// command; it knows one, which is another.
  private static final Map<String, String> REFUSED_BY_THE_SCRIPT =
      Map.ofEntries(
          Map.entry("pc-10.0-return-path", COMMAND + "1"),
          Map.entry("pc-7.2-return-path", COMMAND + "1"),
          Map.entry("pc-10.0-postcopy-advised", COMMAND + "1"),
          Map.entry("pc-10.0-switchover-ack", COMMAND + "1"),
          Map.entry("pc-10.0-dirty-bitmaps", COMMAND + "3"),
          Map.entry("pc-10.0-xbzrle", "XBZRLE RAM compression is not supported yet"),
          Map.entry("pc-7.2-xbzrle", "XBZRLE RAM compression is not supported yet"),
          Map.entry("pc-7.2-compress", "Unknown RAM flags: 1"),
          Map.entry("pc-10.0-no-vmdesc", NO_VMDESC),
          Map.entry("pc-10.0-postcopy", NO_VMDESC),
          Map.entry("pc-7.2-postcopy", NO_VMDESC),
          Map.entry("pc-10.0-postcopy-preempt", NO_VMDESC),
          Map.entry("pc-10.0-postcopy-recovery", NO_VMDESC),
          Map.entry("pc-10.0-mapped-ram", NOT_A_NAME),
          Map.entry("pc-10.0-mapped-ram-busy", NOT_A_NAME),
          Map.entry("pc-10.0-mapped-ram-multifd", NOT_A_NAME),
          Map.entry("pc-10.0-mapped-ram-background", NOT_A_NAME),
          Map.entry("pc-10.0-mapped-ram-offset", "Invalid file magic"));

  @TempDir static Path folder;

  private final Map<String, List<String>> seenByTheScript = new HashMap<>();

  static List<String> readByTheScript() {
    return Corpus.names().stream().filter(n -> !REFUSED_BY_THE_SCRIPT.containsKey(n)).toList();
  }

  static Set<String> refusedByTheScript() {
    return REFUSED_BY_THE_SCRIPT.keySet();
  }

  @BeforeAll
  void runTheScript() throws IOException, InterruptedException {
    Path driver = folder.resolve("analyze.py");
    try (InputStream in = AnalyzeMigrationLiveIT.class.getResourceAsStream("analyze.py")) {
      Files.copy(Objects.requireNonNull(in), driver);
    }
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of("python3", "-B", driver.toString(), LiveQemu.analyzeMigration().toString()));
    for (String name : Corpus.names()) {
      Files.write(folder.resolve(name), Corpus.bytes(name));
      command.add(name);
    }
    Path out = folder.resolve("out");
    Process process =
        new ProcessBuilder(command)
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
    List<String> lines = new ArrayList<>();
    for (String line : Files.readAllLines(out, StandardCharsets.US_ASCII)) {
      if (line.startsWith("[\"stream\",")) {
        lines = new ArrayList<>();
        seenByTheScript.put(JsonValue.parse(line).asArray().strings().getLast(), lines);
      } else {
        lines.add(line);
      }
    }
  }

  @Test
  void everyStreamIsJudged() {
    assertThat(seenByTheScript.keySet()).containsExactlyInAnyOrderElementsOf(Corpus.names());
    assertThat(Corpus.names()).containsAll(REFUSED_BY_THE_SCRIPT.keySet());
  }

  @ParameterizedTest
  @MethodSource("readByTheScript")
  void bothSeeTheSame(String name) throws IOException {
    List<String> theirs = seenByTheScript.getOrDefault(name, List.of());
    assertThat(theirs).hasSizeGreaterThan(15).noneMatch(line -> line.startsWith("[\"error\","));
    assertThat(seenByTheReader(name)).isEqualTo(theirs);
  }

  @ParameterizedTest
  @MethodSource("refusedByTheScript")
  void theScriptCannotReadTheRest(String name) {
    assertThat(seenByTheScript.get(name))
        .singleElement()
        .asString()
        .startsWith("[\"error\",")
        .contains(REFUSED_BY_THE_SCRIPT.getOrDefault(name, "?"));
  }

  /// The same lines, from our reader.
  private static List<String> seenByTheReader(String name) throws IOException {
    List<String> sections = new ArrayList<>();
    List<String> blocks = new ArrayList<>();
    List<String> pages = new ArrayList<>();
    int pageSize;
    try (StreamReader in =
        MigrationStream.of(TargetPageSize.detect()).read(new MemorySource(Corpus.bytes(name)))) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        switch (e) {
          case RamSection ram -> {
            if (ram.phase() == RamSection.Phase.START) {
              sections.add(section(ram.header()));
            }
            for (RamBlockEntry entry : ram.blockList()) {
              blocks.add(line("block", entry.block().idstr(), entry.block().usedLength()));
            }
            ram.pages().forEach(new Pages(pages));
          }
          case IterableSection iterable -> {
            if (iterable.phase() == RamSection.Phase.START) {
              sections.add(section(iterable.header()));
            }
          }
          case DeviceSection device -> sections.add(section(device.header()));
          default -> {}
        }
      }
      pageSize = in.targetPageSize();
    }
    List<String> lines = new ArrayList<>(List.of(line("page size", pageSize)));
    lines.addAll(sections);
    lines.addAll(blocks);
    lines.addAll(pages);
    return lines;
  }

  private static String section(SectionHeader header) {
    return line(
        "section",
        Integer.toUnsignedLong(header.sectionId()),
        header.idstr(),
        Integer.toUnsignedLong(header.instanceId()));
  }

  private static String line(Object... values) {
    return JsonArray.of(values).toString();
  }

  private record Pages(List<String> lines) implements PageVisitor {
    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      lines.add(line("page", block.idstr(), pageOffset, false));
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {
      lines.add(line("page", block.idstr(), pageOffset, true));
    }
  }
}
