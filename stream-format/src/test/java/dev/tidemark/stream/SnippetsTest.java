// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamElement.VmDescription;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.ScriptEncoder;
import dev.tidemark.stream.fixture.Snippet;
import dev.tidemark.stream.fixture.Sources;
import dev.tidemark.stream.ram.DeltaVisitor;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.vmstate.GlobalState;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The snippets in the Javadoc of what this module exports compile, and those that are complete do
/// what the text around them says.
class SnippetsTest {
  private static final Snippet.Context CONTEXT =
      new Snippet.Context(
          List.of(
              "dev.tidemark.checkpoint",
              "dev.tidemark.checkpoint.archive",
              "dev.tidemark.checkpoint.elfcore",
              "dev.tidemark.checkpoint.memory",
              "dev.tidemark.checkpoint.qcow2",
              "dev.tidemark.checkpoint.raw",
              "dev.tidemark.checkpoint.stream",
              "dev.tidemark.stream",
              "dev.tidemark.stream.StreamElement.RamSection",
              "dev.tidemark.stream.StreamWriter",
              "dev.tidemark.stream.command",
              "dev.tidemark.stream.multifd",
              "dev.tidemark.stream.ram",
              "dev.tidemark.stream.vmstate",
              "java.io",
              "java.lang.foreign",
              "java.nio.channels",
              "java.nio.file",
              "java.util"),
          List.of(
              "Path file",
              "ReadableByteChannel channel",
              "WritableByteChannel target",
              "PageVisitor visitor",
              "List<Path> connections",
              "StreamWriter out",
              "SectionHeader header",
              "RamPages pages"));

  /// What a snippet of that name must have done to a stream.
  private interface Check {
    void check(byte[] stream, byte[] written, String printed) throws IOException;
  }

  /// Snippets that are about a stream of another kind than the usual one.
  private static final Map<String, String> STREAMS =
      Map.of(
          "commands", "pc-10.0-postcopy-advised",
          "deltas", "pc-10.0-xbzrle",
          "multifd", "pc-10.0-multifd-zstd");

  private static final Map<String, Check> CHECKS = new LinkedHashMap<>();

  static {
    CHECKS.put(
        "count", (stream, _, printed) -> assertThat(printed.strip()).isEqualTo(counted(stream)));
    CHECKS.put(
        "skip",
        (_, _, printed) ->
            assertThat(printed)
                .startsWith("0 version 3\n8 machine pc-i440fx-10.0\n")
                .contains(" ram START [", " ram END []", " device globalstate", " vmdesc, "));
    CHECKS.put(
        "pipe",
        (_, _, printed) -> assertThat(printed).contains("DeviceSection at ", "VmDescription at "));
    CHECKS.put(
        "errors",
        (_, _, printed) ->
            assertThat(printed.strip()).isEqualTo("cut off at 11, in the configuration"));
    CHECKS.put(
        "byHand",
        (_, written, _) -> {
          Map<String, byte[]> pages = pages(written);
          assertThat(pages.keySet()).containsExactly("pc.ram@0", "pc.ram@4096");
          byte[] content = new byte[4096];
          assertThat(pages.get("pc.ram@4096")).isEqualTo(content);
          Arrays.fill(content, (byte) 0xa5);
          assertThat(pages.get("pc.ram@0")).isEqualTo(content);
        });
    CHECKS.put(
        "mapped",
        (stream, _, printed) -> {
          long[] total = new long[1];
          read(
              stream,
              (_, page) -> {
                for (int i = 0; i < page.length; i += 8) {
                  total[0] += ByteBuffer.wrap(page).order(ByteOrder.nativeOrder()).getLong(i);
                }
              });
          assertThat(printed.strip()).isEqualTo("" + total[0]);
          assertThat(total[0]).isNotZero();
        });
    CHECKS.put(
        "commands",
        (_, _, printed) ->
            assertThat(printed)
                .containsSubsequence(
                    "ping 1\n", "advise Optional[PageSizes[", "SwitchoverStart[]"));
    CHECKS.put(
        "deltas",
        (stream, written, _) -> {
          // Pages with content, in order, with the deltas worked out by other code.
          Map<Long, byte[]> newest = new TreeMap<>();
          try (StreamReader in = open(stream)) {
            for (StreamElement e = in.next(); e != null; e = in.next()) {
              if (e instanceof RamSection ram) {
                ram.pages().forEach(new Newest(newest));
              }
            }
          }
          ByteArrayOutputStream all = new ByteArrayOutputStream();
          for (byte[] page : newest.values()) {
            all.write(page);
          }
          assertThat(written).isEqualTo(all.toByteArray()).isNotEmpty();
        });
    CHECKS.put(
        "multifd",
        (_, written, printed) -> {
          assertThat(printed).isEqualTo("2 channels\n");
          assertThat(written).isNotEmpty();
          assertThat(written.length % 4096).isZero();
        });
    CHECKS.put(
        "ownRule",
        (stream, written, printed) -> {
          int[] records = new int[2];
          read(stream, (_, _) -> records[0]++);
          read(written, (_, _) -> records[1]++);
          assertThat(printed.strip()).isEqualTo("" + records[0]);
          assertThat(records[1]).isEqualTo(records[0] / 2);
        });
    CHECKS.put("identity", (stream, written, _) -> assertThat(written).isEqualTo(stream));
    CHECKS.put(
        "dropVmdesc",
        (stream, written, _) -> {
          assertThat(hasVmdesc(stream)).isTrue();
          assertThat(hasVmdesc(written)).isFalse();
          assertThat(written).isEqualTo(Arrays.copyOf(stream, written.length));
          assertThat(pages(written).keySet()).isEqualTo(pages(stream).keySet());
        });
    CHECKS.put(
        "zeroRange",
        (stream, written, _) -> {
          Map<String, byte[]> before = pages(stream);
          Map<String, byte[]> after = pages(written);
          assertThat(after.keySet()).isEqualTo(before.keySet());
          int changed = 0;
          for (Map.Entry<String, byte[]> page : before.entrySet()) {
            boolean secret =
                page.getKey().startsWith("pc.ram@")
                    && Long.parseLong(page.getKey().substring("pc.ram@".length())) < 1 << 20;
            assertThat(after.get(page.getKey()))
                .as(page.getKey())
                .isEqualTo(secret ? new byte[4096] : page.getValue());
            changed += secret && !Arrays.equals(page.getValue(), new byte[4096]) ? 1 : 0;
          }
          assertThat(changed).isPositive();
        });
    CHECKS.put(
        "runState",
        (stream, written, _) -> {
          assertThat(runState(stream)).isNotEqualTo("paused");
          assertThat(runState(written)).isEqualTo("paused");
          assertThat(written).hasSameSizeAs(stream);
        });
  }

  @TempDir Path folder;

  static Stream<Snippet> snippets() throws IOException {
    return Sources.files("stream-format/src/main/java/**.java").stream()
        .flatMap(f -> Snippet.in(f).stream());
  }

  @Test
  void everyNamedOneIsCheckedAndNoOther() throws IOException {
    assertThat(snippets().map(Snippet::name).filter(n -> !n.isEmpty()))
        .containsExactlyInAnyOrderElementsOf(CHECKS.keySet());
    assertThat(snippets().filter(s -> s.name().isEmpty()).count()).isGreaterThanOrEqualTo(2);
  }

  @ParameterizedTest
  @MethodSource("snippets")
  void compilesAndDoesWhatItSays(Snippet snippet) throws Exception {
    assertThat(snippet.compile(CONTEXT, folder)).isEmpty();
    if (snippet.name().isEmpty()) {
      return;
    }
    String name = STREAMS.getOrDefault(snippet.name(), "pc-10.0-busy");
    byte[] stream = Corpus.bytes(name);
    Path file = Files.write(folder.resolve("stream"), stream);
    List<Path> connections = new ArrayList<>();
    for (byte[] each : Corpus.channels(name)) {
      connections.add(Files.write(folder.resolve("channel-" + connections.size()), each));
    }
    connections.add(file);
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream before = System.out;
    try (ReadableByteChannel channel = Files.newByteChannel(file)) {
      System.setOut(new PrintStream(printed, true, UTF_8));
      Snippet.run(
          folder,
          Stream.of(
              new Snippet.Value("file", file),
              new Snippet.Value("connections", connections),
              new Snippet.Value("channel", channel),
              new Snippet.Value("target", Channels.newChannel(written))));
    } finally {
      System.setOut(before);
    }
    Objects.requireNonNull(CHECKS.get(snippet.name()))
        .check(stream, written.toByteArray(), printed.toString(UTF_8));
  }

  /// A snippet that is wrong is found, at its line.
  @Test
  void wrongOneIsFound() throws IOException {
    Path file =
        Files.writeString(folder.resolve("X.md"), "text\n```java\nint i = 1;\nfile.burn();\n```\n");
    List<Snippet> found = Snippet.in(file);
    assertThat(found).hasSize(1);
    assertThat(found.getFirst().compile(CONTEXT, folder))
        .singleElement()
        .asString()
        .startsWith("X.md:4: ")
        .contains("burn");
  }

  private static String counted(byte[] stream) throws IOException {
    Map<String, Integer> records = new TreeMap<>();
    read(
        stream, (key, _) -> records.merge(key.substring(0, key.lastIndexOf('@')), 1, Integer::sum));
    return records.toString();
  }

  private static Map<String, byte[]> pages(byte[] stream) throws IOException {
    Map<String, byte[]> pages = new TreeMap<>();
    read(stream, pages::put);
    return pages;
  }

  private interface Pages {
    void take(String key, byte[] content);
  }

  private static void read(byte[] stream, Pages pages) throws IOException {
    try (StreamReader in = open(stream)) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof RamSection ram) {
          ram.pages().forEach(new Taking(pages));
        }
      }
    }
  }

  private static StreamReader open(byte[] stream) throws IOException {
    return MigrationStream.of(TargetPageSize.detect()).read(ByteSource.of(stream));
  }

  private static boolean hasVmdesc(byte[] stream) throws IOException {
    try (StreamReader in = open(stream)) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof VmDescription) {
          return true;
        }
      }
    }
    return false;
  }

  private static String runState(byte[] stream) throws IOException {
    try (StreamCheckpoint checkpoint = StreamCheckpoint.open(ByteSource.of(stream))) {
      return GlobalState.runState(checkpoint.deviceState().sections()).orElseThrow();
    }
  }

  private record Taking(Pages pages) implements PageVisitor {
    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      pages.take(
          block.idstr() + "@" + pageOffset,
          window.asSlice(windowOffset, 4096).toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {
      pages.take(block.idstr() + "@" + pageOffset, new byte[4096]);
    }
  }

  /// Content of the first block's pages that is not all zero, by offset.
  private record Newest(Map<Long, byte[]> pages) implements DeltaVisitor {
    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      if (block.index() == 0) {
        pages.put(pageOffset, window.asSlice(windowOffset, 4096).toArray(ValueLayout.JAVA_BYTE));
      }
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {
      if (block.index() == 0) {
        pages.remove(pageOffset);
      }
    }

    @Override
    public void xbzrlePage(
        RamBlock block, long pageOffset, MemorySegment window, long windowOffset, int length) {
      byte[] delta = window.asSlice(windowOffset, length).toArray(ValueLayout.JAVA_BYTE);
      byte[] page = pages.getOrDefault(pageOffset, new byte[4096]);
      ScriptEncoder.apply(page, delta);
      if (block.index() == 0) {
        pages.put(pageOffset, page);
      }
    }
  }
}
