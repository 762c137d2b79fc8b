// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.stream.CoverageExamples.Layout;
import dev.tidemark.stream.fixture.Sources;
import dev.tidemark.stream.hostile.MultifdSubject;
import dev.tidemark.stream.hostile.ReturnPathSubject;
import dev.tidemark.stream.hostile.StreamSubject;
import dev.tidemark.stream.multifd.MultifdMethod;
import dev.tidemark.stream.ram.RamRecord;
import dev.tidemark.stream.vmstate.DeviceSections;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// `FORMAT_COVERAGE.md` is true: complete by a list of its own, true to the code's constants,
/// proven
/// by tests that are there, and every row does what it says.
class FormatCoverageTest {
  /// What QEMU 10.0.2 has, by table: the names, and the values of what is a number. Not taken from
  /// the code under test.
  private static final Map<String, String> QEMU = new LinkedHashMap<>();

  static {
    QEMU.put(
        "Framing",
        """
        QEMU_VM_FILE_MAGIC=0x5145564d QEMU_VM_FILE_VERSION_COMPAT=2 QEMU_VM_FILE_VERSION=3
        QEMU_VM_EOF=0 QEMU_VM_SECTION_START=1 QEMU_VM_SECTION_PART=2 QEMU_VM_SECTION_END=3
        QEMU_VM_SECTION_FULL=4 QEMU_VM_SUBSECTION=5 QEMU_VM_VMDESCRIPTION=6
        QEMU_VM_CONFIGURATION=7 QEMU_VM_COMMAND=8 QEMU_VM_SECTION_FOOTER=0x7e
        """);
    QEMU.put(
        "Configuration subsections",
        "configuration/target-page-bits configuration/capabilities configuration/uuid");
    QEMU.put(
        "RAM records",
        """
        RAM_SAVE_FLAG_FULL=1 RAM_SAVE_FLAG_ZERO=2 RAM_SAVE_FLAG_MEM_SIZE=4 RAM_SAVE_FLAG_PAGE=8
        RAM_SAVE_FLAG_EOS=0x10 RAM_SAVE_FLAG_CONTINUE=0x20 RAM_SAVE_FLAG_XBZRLE=0x40
        RAM_SAVE_FLAG_HOOK=0x80 RAM_SAVE_FLAG_COMPRESS_PAGE=0x100 RAM_SAVE_FLAG_MULTIFD_FLUSH=0x200
        """);
    QEMU.put(
        "Fields of a RAM block",
        """
        used_length page_size address mapped-ram_header MAPPED_RAM_HDR_VERSION=1
        MAPPED_RAM_FILE_OFFSET_ALIGNMENT=0x100000 page_size_with_address
        """);
    QEMU.put(
        "Commands",
        """
        MIG_CMD_INVALID=0 MIG_CMD_OPEN_RETURN_PATH=1 MIG_CMD_PING=2 MIG_CMD_POSTCOPY_ADVISE=3
        MIG_CMD_POSTCOPY_LISTEN=4 MIG_CMD_POSTCOPY_RUN=5 MIG_CMD_POSTCOPY_RAM_DISCARD=6
        MIG_CMD_PACKAGED=7 MIG_CMD_ENABLE_COLO=8 MIG_CMD_POSTCOPY_RESUME=9 MIG_CMD_RECV_BITMAP=10
        MIG_CMD_SWITCHOVER_START=11
        """);
    QEMU.put(
        "Return path",
        """
        MIG_RP_MSG_INVALID=0 MIG_RP_MSG_SHUT=1 MIG_RP_MSG_PONG=2 MIG_RP_MSG_REQ_PAGES_ID=3
        MIG_RP_MSG_REQ_PAGES=4 MIG_RP_MSG_RECV_BITMAP=5 MIG_RP_MSG_RESUME_ACK=6
        MIG_RP_MSG_SWITCHOVER_ACK=7
        """);
    QEMU.put(
        "multifd",
        """
        MULTIFD_MAGIC=0x11223344 MULTIFD_VERSION=1 MULTIFD_FLAG_SYNC=1 MULTIFD_FLAG_NOCOMP=0
        MULTIFD_FLAG_ZLIB=2 MULTIFD_FLAG_ZSTD=4 MULTIFD_FLAG_QPL=8 MULTIFD_FLAG_UADK=0x10
        MULTIFD_FLAG_QATZIP=0x20 MULTIFD_FLAG_DEVICE_STATE=0x40 sync_once_a_round
        sync_after_each_section pages_in_a_SYNC_packet zero_pages_in_packets
        zero_pages_in_the_main_stream
        """);
    QEMU.put("Iterable sections", "ram dirty-bitmap s390-storage_attributes spapr/htab vfio block");
    QEMU.put(
        "Shapes of a stream",
        """
        target_page_of_4_KiB target_page_of_16_KiB target_page_of_64_KiB no_configuration no_footers
        no_vmdesc no_RAM_END RAM_START_alone empty_RAM_PART several_RAM_ENDs early_device_section
        iterable_device_before_RAM RAM_behind_a_package COLO_checkpoint preempt_channel
        recovery_connection
        """);
    QEMU.put(
        "vmdesc",
        """
        bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 int32_equal uint8_equal uint16_equal
        uint32_equal int64_equal int32_le timer CPU_Double_U float64 buffer unused_buffer bitmap
        nullptr struct vstruct tmp qtailq qlist gtree capability fd any_other_type array_len index
        subsections old-style_handler repeated_keys
        """);
    QEMU.put(
        "Files",
        """
        migration_stream Tidemark_archive libvirt_save_image incomplete_libvirt_save_image
        qcow2_internal_snapshot ELF_dump raw_RAM kdump flattened_kdump Windows_dump LiME gzip bzip2
        xz lzop zstd lz4
        """);
  }

  /// A class of the code that declares constants of QEMU, and what QEMU puts before their names.
  ///
  /// @param others constants of it that are not QEMU's: places and sizes
  /// @param renamed what QEMU calls a constant, where its own name is another
  private record Declared(
      String type, String prefix, Set<String> others, Map<String, String> renamed) {
    Declared(String type, String prefix, String... others) {
      this(type, prefix, Set.of(others), Map.of());
    }
  }

  /// All classes that declare constants of QEMU's.
  private static final List<Declared> DECLARED =
      List.of(
          new Declared(
              "StreamDescriptor",
              "QEMU_VM_",
              Set.of("SIZE_FOOTER", "SIZE_VMDESC_HEADER"),
              Map.of("MAGIC", "FILE_MAGIC", "VERSION", "FILE_VERSION")),
          new Declared(
              "ram.RamRecords",
              "RAM_SAVE_FLAG_",
              "SIZE_WORD",
              "MAX_HEADER",
              "SIZE_XBZRLE_HEADER",
              "SIZE_COMPRESS_HEADER"),
          new Declared("StreamElement$Command", "MIG_CMD_"),
          new Declared(
              "command.ReturnPathDescriptor",
              "MIG_RP_MSG_",
              "SIZE_HEADER",
              "MAX_PAYLOAD",
              "BITMAP_END"),
          new Declared(
              "MappedRamDescriptor",
              "MAPPED_RAM_",
              Set.of("SIZE_HEADER"),
              Map.of("VERSION", "HDR_VERSION", "PAGES_ALIGNMENT", "FILE_OFFSET_ALIGNMENT")),
          new Declared(
              "multifd.MultifdPacketDescriptor",
              "MULTIFD_",
              "SIZE_INITIAL",
              "INITIAL_UUID",
              "INITIAL_ID",
              "INITIAL_RESERVED",
              "SIZE_COMMON",
              "FLAGS",
              "PAGES_ALLOC",
              "NORMAL_PAGES",
              "NEXT_PACKET_SIZE",
              "PACKET_NUM",
              "ZERO_PAGES",
              "RESERVED",
              "IDSTR",
              "SIZE_IDSTR",
              "OFFSETS",
              "DEVICE_IDSTR",
              "DEVICE_INSTANCE_ID",
              "DEVICE_NEXT_PACKET_SIZE",
              "SIZE_DEVICE_STATE",
              "FLAG_METHOD",
              "PACKET_BYTES",
              "MAX_PAYLOAD"));

  private enum Can {
    YES,
    NO
  }

  private record Row(
      String table,
      String name,
      String value,
      Can read,
      Can written,
      String refused,
      List<String> proofs) {}

  private static final int LONGEST_MAGIC = 64;

  private static final Pattern CODE = Pattern.compile("`([^`]+)`");

  private static List<String> lines() throws IOException {
    return Files.readAllLines(Sources.root().resolve("FORMAT_COVERAGE.md"));
  }

  private static List<Row> rows() throws IOException {
    List<Row> rows = new ArrayList<>();
    String table = "";
    for (String line : lines()) {
      if (line.startsWith("## ")) {
        table = line.substring(3);
      } else if (line.startsWith("| `") && QEMU.containsKey(table)) {
        rows.add(row(table, line));
      }
    }
    return rows;
  }

  private static Row row(String table, String line) {
    String[] cells = line.substring(2, line.length() - 2).split(" \\| ", -1);
    assertThat(cells).as(line).hasSize(6);
    return new Row(
        table,
        code(cells[0]).getFirst(),
        cells[1],
        can(cells[2]),
        can(cells[3]),
        cells[4],
        code(cells[5]));
  }

  private static List<String> code(String cell) {
    return CODE.matcher(cell).results().map(r -> r.group(1)).toList();
  }

  private static Can can(String cell) {
    return switch (cell) {
      case "yes" -> Can.YES;
      case "–" -> Can.NO;
      default -> throw new AssertionError(cell);
    };
  }

  private static Map<String, String> constants(String table) {
    Map<String, String> all = new LinkedHashMap<>();
    for (String word : QEMU.getOrDefault(table, "").trim().split("\\s+", -1)) {
      String[] parts = word.split("=", 2);
      all.put(parts[0].replace('_', ' '), parts.length > 1 ? parts[1] : "");
    }
    return all;
  }

  @Test
  void everyThingOfQemuHasOneRowAndNoOtherHas() throws IOException {
    List<Row> rows = rows();
    for (String table : QEMU.keySet()) {
      assertThat(
              rows.stream()
                  .filter(r -> r.table().equals(table))
                  .map(r -> r.name().replace('_', ' ')))
          .as(table)
          .doesNotHaveDuplicates()
          .containsExactlyInAnyOrderElementsOf(constants(table).keySet());
    }
  }

  @Test
  void valuesAreQemus() throws IOException {
    int compared = 0;
    for (Row row : rows()) {
      String value = constants(row.table()).getOrDefault(row.name().replace('_', ' '), "");
      if (!value.isEmpty()) {
        assertThat(Long.decode(row.value())).as(row.name()).isEqualTo(Long.decode(value));
        compared++;
      }
    }
    assertThat(compared).isEqualTo(13 + 10 + 2 + 12 + 8 + 10);
  }

  @Test
  void constantsOfTheCodeAreQemus() throws IOException, ReflectiveOperationException {
    Map<String, Row> rows =
        rows().stream().collect(Collectors.toMap(Row::name, r -> r, (a, b) -> a));
    Map<String, Integer> compared = new LinkedHashMap<>();
    for (Declared declared : DECLARED) {
      Class<?> type = Class.forName("dev.tidemark.stream." + declared.type());
      Set<String> others = new LinkedHashSet<>(declared.others());
      for (Field field : type.getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers())
            || !(field.getType() == int.class || field.getType() == long.class)
            || others.remove(field.getName())) {
          continue;
        }
        field.setAccessible(true);
        String name = declared.renamed().getOrDefault(field.getName(), field.getName());
        assertValue(rows, declared.prefix() + name, field.getLong(null));
        compared.merge(declared.type(), 1, Integer::sum);
      }
      assertThat(others).as("constants that %s has no more", type).isEmpty();
    }
    for (MultifdMethod method : MultifdMethod.values()) {
      String name = method == MultifdMethod.NONE ? "NOCOMP" : method.name();
      assertValue(rows, "MULTIFD_FLAG_" + name, method.flag());
    }
    assertThat(compared.values()).containsExactly(12, 9, 11, 7, 2, 4);
  }

  private static void assertValue(Map<String, Row> rows, String name, long value) {
    Row row = rows.get(name);
    if (row == null) {
      throw new AssertionError("no row for " + name);
    }
    assertThat(value).as(name).isEqualTo(Long.decode(row.value()));
  }

  @Test
  void proofsAreTestsThatExist() throws IOException {
    Map<String, String> tests = testSources();
    for (Row row : rows()) {
      assertThat(row.proofs()).as(row.name()).isNotEmpty();
      for (String proof : row.proofs()) {
        String[] parts = proof.split("#", -1);
        assertThat(parts).as(proof).hasSize(2);
        assertThat(tests).as(proof).containsKey(parts[0]);
        assertThat(isTest(tests.getOrDefault(parts[0], ""), parts[1])).as(proof).isTrue();
      }
    }
  }

  private static Map<String, String> testSources() throws IOException {
    Map<String, String> sources = new LinkedHashMap<>();
    for (Path file :
        Sources.files("*/src/test/java/**/*Test.java", "*/src/test/java/**/*IT.java")) {
      sources.put(file.getFileName().toString().replace(".java", ""), Files.readString(file));
    }
    return sources;
  }

  /// Whether a method is there, right behind an annotation that makes it a test.
  private static boolean isTest(String source, String method) {
    Matcher at =
        Pattern.compile(
                "@(Test|Property|ParameterizedTest|TestFactory)\\b[^;]*?\\b(void|Stream<DynamicTest>) "
                    + Pattern.quote(method)
                    + "\\(")
            .matcher(source);
    return at.find();
  }

  /// What a row says is what happens when the reader is given it.
  @TestFactory
  Stream<DynamicTest> everyRowDoesWhatItSays() throws IOException {
    return rows().stream()
        .map(row -> DynamicTest.dynamicTest(row.table() + ": " + row.name(), () -> check(row)));
  }

  /// What is no stream by itself.
  private static final Set<String> CONNECTIONS = Set.of("preempt channel", "recovery connection");

  private static void check(Row row) throws IOException {
    if (row.table().equals("vmdesc")) {
      assertThat(row.read()).isEqualTo(Can.YES);
      checkLayout(example(CoverageExamples.layouts(), row));
    } else if (row.table().equals("Files")) {
      byte[] file = example(CoverageExamples.files(), row);
      outcome(row, () -> readFile(file));
    } else if (row.table().equals("Return path")) {
      byte[] message = example(CoverageExamples.returnPaths(), row);
      outcome(row, () -> ReturnPathSubject.WHOLE.read(message, message.length));
    } else if (row.table().equals("multifd")) {
      byte[] connections = example(CoverageExamples.connections(), row);
      outcome(row, () -> MultifdSubject.CHANNELS.read(connections, connections.length));
      if (!row.name().equals("MULTIFD_FLAG_DEVICE_STATE")) {
        MultifdSubject.MERGED.read(connections, connections.length);
      }
    } else if (CONNECTIONS.contains(row.name())) {
      byte[] bytes = example(CoverageExamples.streams(), row);
      outcome(row, () -> readBeside(row.name(), bytes));
    } else {
      byte[] stream = example(CoverageExamples.streams(), row);
      outcome(row, () -> StreamSubject.SEEKABLE.read(stream, stream.length));
      if (row.written() == Can.YES) {
        StreamSubject.COPIED.read(stream, stream.length);
      }
    }
  }

  /// Recognises a file by its start; opens it if there is more of it.
  private static void readFile(byte[] file) throws IOException {
    CheckpointFormat.of(ByteSource.of(file));
    if (file.length > LONGEST_MAGIC) {
      Checkpoint.open(ByteSource.of(file)).close();
    }
  }

  /// Beside a stream that has told of blocks.
  private static void readBeside(String name, byte[] bytes) throws IOException {
    byte[] main = Objects.requireNonNull(CoverageExamples.streams().get("RAM_SAVE_FLAG_PAGE"));
    try (StreamReader of = MigrationStream.of(TargetPageSize.detect()).read(ByteSource.of(main))) {
      while (of.next() != null) {
        // To its end.
      }
      if (name.equals("preempt channel")) {
        assertThat(RamRecord.listOf(of.preempt(ByteSource.of(bytes)), 4096)).hasSize(1);
      } else {
        StreamReader resumed = of.resumed(ByteSource.of(bytes));
        int elements = 0;
        while (resumed.next() != null) {
          elements++;
        }
        assertThat(elements).isEqualTo(3);
      }
    }
  }

  private static <T> T example(Map<String, T> examples, Row row) {
    T example = examples.get(row.name());
    if (example == null) {
      throw new AssertionError("no example of " + row.name());
    }
    return example;
  }

  private interface Reading {
    void run() throws IOException;
  }

  private static void outcome(Row row, Reading reading) throws IOException {
    switch (row.refused()) {
      case "Unsupported" -> refused(row, reading, StreamException.Unsupported.class);
      case "Malformed" -> refused(row, reading, StreamException.Malformed.class);
      case "Truncated" -> refused(row, reading, StreamException.Truncated.class);
      case "–" -> {
        assertThat(row.read()).isEqualTo(Can.YES);
        reading.run();
      }
      default -> throw new AssertionError(row.refused());
    }
  }

  private static final Set<String> WRITTEN_ONLY = Set.of("ELF dump", "raw RAM");

  private static void refused(Row row, Reading reading, Class<? extends StreamException> by) {
    assertThat(row.read()).isEqualTo(Can.NO);
    // Some files are only written.
    assertThat(row.written()).isEqualTo(WRITTEN_ONLY.contains(row.name()) ? Can.YES : Can.NO);
    assertThatThrownBy(reading::run).isInstanceOf(by);
  }

  /// Two devices, of which the second is found only if the first one's length is right.
  private static void checkLayout(Layout layout) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    for (int id = 1; id <= 2; id++) {
      out.writeByte(4);
      out.writeInt(id);
      out.writeByte(1);
      out.writeByte('d');
      out.writeInt(id);
      out.writeInt(1);
      out.write(new byte[layout.length()]);
      out.writeByte(0x7e);
      out.writeInt(id);
    }
    String json =
        "{\"devices\":[{\"name\":\"d\",\"instance_id\":1,%s},{\"name\":\"d\",\"instance_id\":2,%s}]}"
            .formatted(layout.members(), layout.members());
    assertThat(DeviceSections.split(new DeviceState(bytes.toByteArray(), Optional.of(json)), 0))
        .hasValueSatisfying(
            sections ->
                assertThat(sections.stream().map(s -> s.body().length))
                    .containsExactly(layout.length(), layout.length()));
  }

  @Test
  void noExampleIsLeftOver() throws IOException {
    Set<String> names = rows().stream().map(Row::name).collect(Collectors.toSet());
    assertThat(names)
        .containsAll(CoverageExamples.streams().keySet())
        .containsAll(CoverageExamples.returnPaths().keySet())
        .containsAll(CoverageExamples.connections().keySet())
        .containsAll(CoverageExamples.files().keySet())
        .containsAll(CoverageExamples.layouts().keySet());
  }
}
