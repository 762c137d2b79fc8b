// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.PageSpool;
import dev.tidemark.checkpoint.stream.CheckpointStreamWriter;
import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.qmp.Event;
import dev.tidemark.qmp.EventListener;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.Cont;
import dev.tidemark.qmp.command.MigrateIncoming;
import dev.tidemark.qmp.command.MigrateSetCapabilities;
import dev.tidemark.qmp.command.MigrationInfo;
import dev.tidemark.qmp.command.MigrationStatus;
import dev.tidemark.qmp.command.QueryMigrate;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.command.Raw;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.LiveSections;
import dev.tidemark.stream.multifd.MultifdCheckpointStream;
import dev.tidemark.stream.ram.RamBlock;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.opentest4j.TestAbortedException;

/// The canonical copy of every stream of the corpus, each page once, is loaded by the QEMU that it
/// came from: its memory is what the checkpoint says, and the guest goes on.
@Timeout(180)
class ReencodedCorpusLiveIT {
  /// No copy can be made: what is said of them.
  private static final Map<String, String> NO_COPY =
      Map.of(
          "pc-10.0-ignore-shared",
          "x-ignore-shared: a part of RAM is in other files",
          "pc-10.0-mapped-ram-background",
          "mapped-ram file of a background snapshot: no page is marked as stored",
          "pc-10.0-postcopy-preempt",
          "discarded pages that do not come again: they went over another channel",
          "pc-10.0-postcopy-recovery",
          "the stream ends");

  /// There is no QEMU among the fixtures that could load the copy: it is only read again.
  static final List<String> NO_QEMU = List.of("pseries-10.0-htab", "s390x-10.0-storage-attributes");

  static final List<String> WITHOUT_COPY = List.copyOf(NO_COPY.keySet());

  static final List<Corpus.Entry> LOADABLE =
      Corpus.entries().stream()
          .filter(entry -> !NO_COPY.containsKey(entry.name()) && !NO_QEMU.contains(entry.name()))
          .toList();

  private static final MigrationStream SETTINGS = MigrationStream.of(TargetPageSize.detect());

  private static final List<String> GUEST_FILES =
      List.of("boot.img", "count.bin", "mix.bin", "arm.bin", "disk.img");

  /// In the BIOS data area: the timer's ticks, 18 a second.
  private static final long BIOS_TICKS = 0x46c;

  /// The VGA window and what the chipset may take from RAM below 1 MiB.
  private static final long HOLE = 0xa0000;

  private static final long HOLE_END = 0x100000;

  @TempDir Path folder;

  @ParameterizedTest
  @FieldSource("LOADABLE")
  void theGuestGoesOnFromItsCopy(Corpus.Entry entry) throws Exception {
    try (Checkpoint checkpoint = open(entry);
        LiveQemu vm = LiveQemu.start(binary(entry), arguments(entry, checkpoint))) {
      QmpClient qmp = vm.client();
      if (entry.capabilities().contains("validate-uuid")) {
        qmp.execute(new MigrateSetCapabilities(Map.of("validate-uuid", true)));
      }
      Path socket = vm.folder().resolve("in");
      qmp.execute(new MigrateIncoming("unix:" + socket));
      try (SocketChannel connection = SocketChannel.open(UnixDomainSocketAddress.of(socket));
          CheckpointStream pages = checkpoint.stream()) {
        CheckpointStreamWriter.write(pages, connection, CheckpointStreamWriter.Options.DEFAULT);
      } catch (IOException e) {
        throw new AssertionError("QEMU said: " + vm.stderr(), e);
      }
      awaitLoaded(vm, qmp);
      Guest guest = new Guest(qmp, folder.resolve("memory"), isArm(entry));
      assertMemory(guest, checkpoint);
      if (entry.name().equals("pc-10.0-dirty-bitmaps")) {
        assertBitmaps(qmp);
      }
      try (EventListener events = qmp.listen("RESET", "SHUTDOWN", "GUEST_PANICKED", "STOP")) {
        if (counts(entry)) {
          byte[] before = guest.counters();
          qmp.execute(new Cont());
          guest.awaitCounters(before);
        } else {
          int before = guest.ticks();
          qmp.execute(new Cont());
          guest.awaitTicks(before);
        }
        assertThat(qmp.execute(new QueryStatus()).status()).isEqualTo(RunState.Known.RUNNING);
        assertThat(events.poll().map(Event::name)).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @FieldSource("WITHOUT_COPY")
  void whatCannotBeCopiedIsRefused(String name) {
    assertThatThrownBy(
            () -> {
              try (Checkpoint checkpoint = open(Corpus.entry(name))) {
                copy(checkpoint);
              }
            })
        .isInstanceOf(StreamException.class)
        .hasMessageContaining(NO_COPY.getOrDefault(name, "?"));
  }

  @ParameterizedTest
  @FieldSource("NO_QEMU")
  void whatNoQemuLoadsIsReadAgain(String name) throws Exception {
    try (Checkpoint checkpoint = open(Corpus.entry(name));
        Checkpoint again = Checkpoint.open(ByteSource.of(copy(checkpoint)))) {
      assertThat(again.configuration()).isEqualTo(checkpoint.configuration());
      assertThat(again.deviceState().sections()).isEqualTo(checkpoint.deviceState().sections());
      assertThat(LiveSections.of(again.deviceState()))
          .isNotEmpty()
          .isEqualTo(LiveSections.of(checkpoint.deviceState()));
      int pageSize = checkpoint.targetPageSize();
      for (RamBlock block : checkpoint.ramBlocks()) {
        for (long at = 0; at < block.usedLength(); at += pageSize) {
          assertThat(Arrays.equals(page(again, block, at), page(checkpoint, block, at))).isTrue();
        }
      }
    }
  }

  private Checkpoint open(Corpus.Entry entry) throws IOException {
    if (entry.kind() == Corpus.Kind.MULTIFD) {
      List<ByteSource> sources = new ArrayList<>();
      sources.add(ByteSource.of(Corpus.bytes(entry.name())));
      for (byte[] channel : Corpus.channels(entry.name())) {
        sources.add(ByteSource.of(channel));
      }
      try (MultifdCheckpointStream merged = MultifdCheckpointStream.open(SETTINGS, sources)) {
        return PageSpool.checkpoint(merged, CheckpointFormat.STREAM, folder);
      }
    }
    return StreamCheckpoint.open(
        SETTINGS, ByteSource.of(Corpus.bytes(entry.name())), entry.streamOffset());
  }

  private static byte[] copy(Checkpoint checkpoint) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (CheckpointStream pages = checkpoint.stream()) {
      CheckpointStreamWriter.write(
          pages, Channels.newChannel(out), CheckpointStreamWriter.Options.DEFAULT);
    }
    return out.toByteArray();
  }

  private static boolean isArm(Corpus.Entry entry) {
    return entry.program().endsWith("aarch64");
  }

  /// Whether the guest counts in its pages; else it is firmware that waits.
  private static boolean counts(Corpus.Entry entry) {
    return GUEST_FILES.stream().anyMatch(String.join(" ", entry.arguments())::contains);
  }

  private static QemuBinary binary(Corpus.Entry entry) {
    if (isArm(entry)) {
      return LiveQemu.aarch64();
    }
    boolean old = entry.qemu().startsWith("7.");
    return LiveQemu.installed().stream()
        .filter(binary -> binary.isAtLeast(10, 0) != old)
        .findFirst()
        .orElseThrow(() -> new TestAbortedException("there is no QEMU " + entry.qemu()));
  }

  /// The command line of the source, with the machine type that the stream says, in place of one
  /// that means another to another QEMU.
  private List<String> arguments(Corpus.Entry entry, Checkpoint checkpoint) throws IOException {
    Corpus.putGuestFiles(entry.name(), folder);
    String machine = checkpoint.configuration().machineType();
    List<String> arguments = new ArrayList<>();
    for (String word : entry.arguments()) {
      String argument = word;
      if (word.equals(entry.machine()) && !machine.isEmpty()) {
        argument = machine + word.replaceFirst("^[^,]*", "");
      }
      for (String file : GUEST_FILES) {
        argument = argument.replace(file, folder.resolve(file).toString());
      }
      arguments.add(argument);
    }
    arguments.addAll(List.of("-S", "-incoming", "defer"));
    return arguments;
  }

  private static void awaitLoaded(LiveQemu vm, QmpClient qmp) throws Exception {
    long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
    while (true) {
      if (!vm.process().isAlive()) {
        throw new AssertionError("QEMU said: " + vm.stderr());
      }
      MigrationInfo info = qmp.execute(new QueryMigrate());
      if (info.status().isOver()) {
        assertThat(info.status()).as(vm.stderr()).isEqualTo(MigrationStatus.Known.COMPLETED);
        return;
      }
      assertThat(System.nanoTime()).as("%s", info).isLessThan(end);
      Thread.sleep(5);
    }
  }

  private static byte[] page(Checkpoint checkpoint, RamBlock block, long at) throws IOException {
    byte[] page = new byte[checkpoint.targetPageSize()];
    var _ = checkpoint.readPage(block, at, MemorySegment.ofArray(page));
    return page;
  }

  /// All of main memory, and firmware that is not in it.
  private static void assertMemory(Guest guest, Checkpoint checkpoint) throws Exception {
    RamBlock ram = block(checkpoint, guest.arm ? "mach-virt.ram" : "pc.ram");
    assertSame(guest, guest.arm ? Guest.ARM_RAM : 0, checkpoint, ram);
    if (!guest.arm) {
      RamBlock bios = block(checkpoint, "pc.bios");
      assertSame(guest, (1L << 32) - bios.usedLength(), checkpoint, bios);
    }
  }

  private static RamBlock block(Checkpoint checkpoint, String idstr) {
    return checkpoint.ramBlocks().stream()
        .filter(block -> block.idstr().equals(idstr))
        .findFirst()
        .orElseThrow();
  }

  private static void assertSame(Guest guest, long base, Checkpoint checkpoint, RamBlock block)
      throws Exception {
    byte[] memory = guest.read(base, block.usedLength());
    int pageSize = checkpoint.targetPageSize();
    long contents = 0;
    for (long at = 0; at < block.usedLength(); at += pageSize) {
      if (base + at < HOLE || base + at >= HOLE_END) {
        byte[] expected = page(checkpoint, block, at);
        assertThat(Arrays.copyOfRange(memory, (int) at, (int) at + pageSize))
            .as("%s at 0x%x", block.idstr(), at)
            .isEqualTo(expected);
        contents += Arrays.equals(expected, new byte[pageSize]) ? 0 : 1;
      }
    }
    assertThat(contents).as("pages of %s that are not empty", block.idstr()).isPositive();
  }

  /// Both bitmaps are there, with the bits that were set.
  private static void assertBitmaps(QmpClient qmp) throws Exception {
    JsonValue nodes = qmp.execute(new Raw("query-named-block-nodes", JsonObject.EMPTY));
    assertThat(nodes.toString())
        .contains("\"name\":\"every\"", "\"name\":\"kept\"", "\"count\":16384");
  }

  /// A guest's memory, through its monitor.
  private static final class Guest {
    static final long ARM_RAM = 0x40000000L;
    private static final int PAGE = 4096;
    private static final int COUNTERS = 112;

    final boolean arm;
    private final QmpClient qmp;
    private final Path file;

    Guest(QmpClient qmp, Path file, boolean arm) {
      this.qmp = qmp;
      this.file = file;
      this.arm = arm;
    }

    byte[] read(long address, long size) throws Exception {
      Files.deleteIfExists(file);
      qmp.execute(
          new Raw(
              "pmemsave",
              JsonObject.of("val", address, "size", size, "filename", file.toString())));
      byte[] bytes = Files.readAllBytes(file);
      assertThat(bytes.length).isEqualTo((int) size);
      return bytes;
    }

    byte[] counters() throws Exception {
      return read(arm ? ARM_RAM + 0x200000 : 0x20000, COUNTERS * PAGE);
    }

    /// Waits until the first word of each page is another than before.
    void awaitCounters(byte[] before) throws Exception {
      long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
      List<Integer> standing;
      do {
        Thread.sleep(10);
        byte[] now = counters();
        standing = new ArrayList<>();
        for (int at = 0; at < now.length; at += PAGE) {
          if (now[at] == before[at] && now[at + 1] == before[at + 1]) {
            standing.add(at);
          }
        }
      } while (!standing.isEmpty() && System.nanoTime() < end);
      assertThat(standing).as("pages in which the guest counts no more").isEmpty();
    }

    int ticks() throws Exception {
      return ByteBuffer.wrap(read(BIOS_TICKS, 4)).order(ByteOrder.LITTLE_ENDIAN).getInt();
    }

    /// Waits until the firmware has taken timer interrupts.
    void awaitTicks(int before) throws Exception {
      long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
      int now;
      do {
        Thread.sleep(10);
        now = ticks();
      } while (now < before + 3 && System.nanoTime() < end);
      assertThat(now)
          .as("timer ticks that the firmware counts")
          .isBetween(before + 3, before + 1200);
    }
  }
}
