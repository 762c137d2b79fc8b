// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.mappedram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.checkpoint.stream.CheckpointStreamWriter;
import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.checkpoint.stream.StreamCheckpointStream;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamReader;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.LiveSections;
import dev.tidemark.stream.fixture.MemorySource;
import dev.tidemark.stream.fixture.StreamSpec;
import dev.tidemark.stream.fixture.Streams;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import dev.tidemark.stream.vmstate.GlobalState;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class MappedRamWriterTest {
  private static final MigrationStream SETTINGS = MigrationStream.of(TargetPageSize.detect());
  private static final int PAGE = 4096;
  private static final int MIB = 1 << 20;

  /// Streams that can be read in one pass and have a configuration section.
  static final List<String> STREAMS =
      List.of(
          "pc-10.0-busy",
          "pc-10.0-background",
          "pc-10.0-stopped",
          "pc-10.0-virtio-mem",
          "pc-10.0-dirty-bitmaps",
          "pc-7.2-busy",
          "virt-10.0-busy",
          "pseries-10.0-htab",
          "pc-10.0-postcopy",
          "pc-10.0-no-vmdesc",
          "pc-10.0-mapped-ram");

  @TempDir Path folder;

  /// Streams in which a page has content in the end: others look like the main channel of multifd.
  @Provide
  Arbitrary<StreamSpec> specs() {
    return Streams.specs()
        .filter(StreamSpec::configuration)
        .map(
            spec -> {
              List<List<StreamSpec.Page>> parts = new ArrayList<>(spec.parts());
              List<StreamSpec.Page> last = new ArrayList<>(parts.removeLast());
              last.add(new StreamSpec.Page(0, 0, 1000, true));
              parts.add(last);
              return new StreamSpec(
                  spec.pageSize(),
                  true,
                  true,
                  spec.uuid(),
                  spec.vmdesc(),
                  spec.end(),
                  spec.blocks(),
                  parts,
                  spec.devices(),
                  spec.commands());
            });
  }

  /// Pages come in any order and again and again, some as zero pages, some full of zeroes.
  @Property(tries = 150)
  void newestVersionOfEachPageIsRead(
      @ForAll("specs") StreamSpec spec, @ForAll @IntRange(max = 3) int place) throws IOException {
    int start = place * 12345;
    PlacedTarget target = new PlacedTarget();
    long end;
    try (CheckpointStream in =
        StreamCheckpointStream.open(SETTINGS, new MemorySource(spec.encode()))) {
      end =
          MappedRamWriter.write(in, target, MappedRamWriter.Options.DEFAULT.withFileOffset(start));
    }
    byte[] file = target.toArray();
    assertThat(file).hasSize((int) end);
    try (MappedRamCheckpoint checkpoint =
            MappedRamCheckpoint.open(
                new MemorySource(file),
                start,
                MigrationStream.of(TargetPageSize.of(spec.pageSize())));
        Checkpoint asStream =
            StreamCheckpoint.open(
                MigrationStream.of(TargetPageSize.of(spec.pageSize())),
                new MemorySource(file),
                start)) {
      assertThat(checkpoint.deviceState().sections()).isEqualTo(spec.deviceSections());
      assertThat(checkpoint.deviceState().vmdesc().isPresent()).isEqualTo(spec.vmdesc());
      Map<String, byte[]> expected = spec.image();
      byte[] zeroes = new byte[spec.pageSize()];
      byte[] page = new byte[spec.pageSize()];
      for (RamBlock block : checkpoint.ramBlocks()) {
        for (long at = 0; at < block.usedLength(); at += spec.pageSize()) {
          byte[] wanted = expected.getOrDefault(StreamSpec.key(block.idstr(), at), zeroes);
          PageKind kind = checkpoint.readPage(block, at, MemorySegment.ofArray(page));
          assertThat(page).isEqualTo(wanted);
          assertThat(kind)
              .isEqualTo(Arrays.equals(wanted, zeroes) ? PageKind.ZERO : PageKind.DATA)
              .isEqualTo(asStream.readPage(block, at, MemorySegment.ofArray(page)));
          assertThat(page).isEqualTo(wanted);
        }
      }
      assertThat(visited(checkpoint)).isEqualTo(visited(asStream));
    }
  }

  /// Hashes of all pages by name, in the order of the visit.
  private static List<String> visited(Checkpoint checkpoint) throws IOException {
    List<String> pages = new ArrayList<>();
    try (CheckpointStream in = checkpoint.stream()) {
      assertThat(in.eachPageOnce()).isTrue();
      in.forEachPage(
          new PageVisitor() {
            @Override
            public void page(
                RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
              MemorySegment page = window.asSlice(windowOffset, checkpoint.targetPageSize());
              pages.add(
                  StreamSpec.key(block.idstr(), pageOffset)
                      + Arrays.hashCode(page.toArray(ValueLayout.JAVA_BYTE)));
            }

            @Override
            public void zeroPage(RamBlock block, long pageOffset) {
              pages.add(StreamSpec.key(block.idstr(), pageOffset) + "zero");
            }
          });
    }
    return pages;
  }

  @ParameterizedTest
  @FieldSource("STREAMS")
  void realStreamsKeepTheirRamAndDevices(String name) throws IOException {
    byte[] bytes = Corpus.bytes(name);
    Path file = folder.resolve("mapped");
    try (CheckpointStream in = StreamCheckpointStream.open(SETTINGS, new MemorySource(bytes));
        FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
      MappedRamWriter.write(in, target, MappedRamWriter.Options.DEFAULT.withRunState("paused"));
      target.commit();
    }
    try (Checkpoint before = StreamCheckpoint.open(new MemorySource(bytes));
        Checkpoint after = Checkpoint.open(file)) {
      assertThat(after).isInstanceOf(MappedRamCheckpoint.class);
      assertThat(after.format()).isEqualTo(CheckpointFormat.MAPPED_RAM);
      MachineConfiguration machine = before.configuration();
      assertThat(after.configuration())
          .isEqualTo(
              new MachineConfiguration(
                  machine.machineType(),
                  machine.targetPageBits(),
                  List.of("mapped-ram"),
                  machine.uuid()));
      DeviceState state = before.deviceState();
      DeviceState again = after.deviceState();
      assertThat(again.early()).isEqualTo(state.early());
      assertThat(LiveSections.of(again)).isEqualTo(LiveSections.of(state));
      assertThat(again.sections()).isEqualTo(GlobalState.withRunState(state.sections(), "paused"));
      assertThat(again.vmdesc()).isEqualTo(state.vmdesc());
      assertSameRam(after, before);
    }
  }

  static void assertSameRam(Checkpoint actual, Checkpoint expected) throws IOException {
    assertThat(actual.ramBlocks()).isEqualTo(expected.ramBlocks());
    byte[] one = new byte[expected.targetPageSize()];
    byte[] other = new byte[expected.targetPageSize()];
    for (RamBlock block : expected.ramBlocks()) {
      for (long at = 0; at < block.usedLength(); at += one.length) {
        var _ = actual.readPage(block, at, MemorySegment.ofArray(one));
        var _ = expected.readPage(block, at, MemorySegment.ofArray(other));
        if (!Arrays.equals(one, other)) {
          throw new AssertionError("page at " + at + " of " + block);
        }
      }
    }
  }

  @Test
  void backToAStreamItIsTheSame() throws IOException {
    byte[] bytes = Corpus.bytes("pc-10.0-busy");
    PlacedTarget target = new PlacedTarget();
    try (CheckpointStream in = StreamCheckpointStream.open(SETTINGS, new MemorySource(bytes))) {
      MappedRamWriter.write(in, target, MappedRamWriter.Options.DEFAULT);
    }
    ByteArrayOutputStream there = new ByteArrayOutputStream();
    ByteArrayOutputStream back = new ByteArrayOutputStream();
    try (Checkpoint stream = StreamCheckpoint.open(new MemorySource(bytes));
        CheckpointStream in = stream.stream();
        Checkpoint mapped = Checkpoint.open(new MemorySource(target.toArray()));
        CheckpointStream out = mapped.stream()) {
      CheckpointStreamWriter.write(
          in, Channels.newChannel(there), CheckpointStreamWriter.Options.DEFAULT);
      CheckpointStreamWriter.write(
          out, Channels.newChannel(back), CheckpointStreamWriter.Options.DEFAULT);
    }
    try (Checkpoint one = StreamCheckpoint.open(new MemorySource(there.toByteArray()));
        Checkpoint other = StreamCheckpoint.open(new MemorySource(back.toByteArray()))) {
      assertSameRam(other, one);
      assertThat(other.deviceState().sections()).isEqualTo(one.deviceState().sections());
    }
  }

  /// What is laid out is what QEMU lays out: the same places as in its own file.
  @Test
  void placesAreThoseThatQemuChooses() throws IOException {
    byte[] bytes = Corpus.bytes("pc-10.0-mapped-ram");
    PlacedTarget target = new PlacedTarget();
    try (Checkpoint checkpoint = Checkpoint.open(new MemorySource(bytes));
        CheckpointStream in = checkpoint.stream()) {
      MappedRamWriter.write(in, target, MappedRamWriter.Options.DEFAULT);
    }
    assertThat(places(target.toArray())).isEqualTo(places(bytes));
  }

  private static List<RamBlockEntry> places(byte[] file) throws IOException {
    try (StreamReader in = SETTINGS.read(new MemorySource(file))) {
      for (var e = in.next(); e != null; e = in.next()) {
        if (e instanceof RamSection start) {
          return start.blockList();
        }
      }
    }
    throw new AssertionError("no RAM");
  }

  /// A source that is made up: one block, pages of it as they are given.
  private record Given(RamBlock block, List<Integer> pages, boolean configured)
      implements CheckpointStream {
    @Override
    public MachineConfiguration configuration() {
      return new MachineConfiguration(
          configured ? "pc" : "", OptionalInt.empty(), List.of(), Optional.empty());
    }

    @Override
    public List<RamBlock> ramBlocks() {
      return List.of(block);
    }

    @Override
    public int targetPageSize() {
      return PAGE;
    }

    @Override
    public boolean eachPageOnce() {
      return false;
    }

    @Override
    public boolean footers() {
      return true;
    }

    @Override
    public byte[] earlySections() {
      return new byte[0];
    }

    /// The first word of a page says the how many-th it was.
    @Override
    public void forEachPage(PageVisitor visitor) throws IOException {
      MemorySegment page = MemorySegment.ofArray(new long[PAGE / 8]);
      for (int i = 0; i < pages.size(); i++) {
        page.set(ValueLayout.JAVA_LONG_UNALIGNED, PAGE - 8, i + 1);
        visitor.page(block, (long) pages.get(i) * PAGE, page, 0);
      }
    }

    @Override
    public DeviceState deviceState() {
      return new DeviceState(new byte[0], Optional.empty());
    }

    @Override
    public void close() {}
  }

  /// Batches of the same page are many at once on their way, and do not overtake one another.
  @Test
  void aPageThatComesAgainAndAgainEndsAsItsLastVersion() throws IOException {
    Random random = new Random(5);
    List<Integer> pages = new ArrayList<>();
    Map<Integer, Long> last = new HashMap<>();
    for (long i = 1; i <= 20_000; i++) {
      int page = random.nextInt(4) == 0 ? random.nextInt(2000) : random.nextInt(600);
      pages.add(page);
      last.put(page, i);
    }
    PlacedTarget target = new PlacedTarget();
    RamBlock block = new RamBlock(0, "ram", 2000L * PAGE);
    MappedRamWriter.write(new Given(block, pages, true), target, MappedRamWriter.Options.DEFAULT);
    try (MappedRamCheckpoint checkpoint =
        MappedRamCheckpoint.open(new MemorySource(target.toArray()))) {
      MemorySegment page = MemorySegment.ofArray(new long[PAGE / 8]);
      for (int i = 0; i < 2000; i++) {
        var _ = checkpoint.readPage(block, (long) i * PAGE, page);
        assertThat(page.get(ValueLayout.JAVA_LONG_UNALIGNED, PAGE - 8))
            .isEqualTo(last.getOrDefault(i, 0L));
      }
    }
  }

  @Test
  void zeroPagesTakeNoRoom() throws IOException {
    Path file = folder.resolve("sparse");
    RamBlock block = new RamBlock(0, "ram", 4L << 30);
    try (FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
      long end =
          MappedRamWriter.write(
              new Given(block, List.of(7, 1_000_000), true),
              target,
              MappedRamWriter.Options.DEFAULT);
      target.commit();
      assertThat(Files.size(file)).isEqualTo(end).isGreaterThan(4L << 30);
      assertThat(Files.size(file)).isLessThan((4L << 30) + 2 * MIB);
    }
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      assertThat(checkpoint.pageKind(block, 7L * PAGE)).isEqualTo(PageKind.DATA);
      assertThat(checkpoint.pageKind(block, 1_000_000L * PAGE)).isEqualTo(PageKind.DATA);
      assertThat(checkpoint.pageKind(block, 8L * PAGE)).isEqualTo(PageKind.ZERO);
    }
    PlacedTarget counted = new PlacedTarget();
    MappedRamWriter.write(
        new Given(new RamBlock(0, "ram", 64L << 20), List.of(7, 1000), true),
        counted,
        MappedRamWriter.Options.DEFAULT);
    assertThat(counted.written()).isLessThan(2 * PAGE + 10_000);
  }

  @Test
  void withoutConfigurationItIsRefused() {
    assertThatThrownBy(
            () ->
                MappedRamWriter.write(
                    new Given(new RamBlock(0, "ram", PAGE), List.of(0), false),
                    new PlacedTarget(),
                    MappedRamWriter.Options.DEFAULT))
        .isInstanceOf(StreamException.Unsupported.class)
        .hasMessageContaining("no configuration section, which mapped-ram needs");
  }

  @Test
  void aFullDiskIsSaidAndNoThreadStays() {
    List<Integer> pages = new ArrayList<>();
    for (int i = 0; i < 4000; i++) {
      pages.add(i);
    }
    for (long room : new long[] {0, PAGE, 3 * MIB, 3999L * PAGE}) {
      assertThatThrownBy(
              () ->
                  MappedRamWriter.write(
                      new Given(new RamBlock(0, "ram", 4000L * PAGE), pages, true),
                      new PlacedTarget().failingAfter(room),
                      MappedRamWriter.Options.DEFAULT))
          .isInstanceOf(IOException.class)
          .hasMessage("No space left on device");
    }
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals("tidemark-behind"));
  }

  @Test
  void progressIsToldInBytesOfRam() throws IOException {
    List<Integer> pages = new ArrayList<>();
    for (int i = 0; i < 16_384; i++) {
      pages.add(i % 8192);
    }
    List<Long> told = new ArrayList<>();
    MappedRamWriter.write(
        new Given(new RamBlock(0, "ram", 8192L * PAGE), pages, true),
        new PlacedTarget(),
        MappedRamWriter.Options.DEFAULT.withProgress(
            (done, total) -> {
              assertThat(total).isEqualTo(32L * MIB);
              told.add(done / MIB);
            }));
    assertThat(told).containsExactly(16L, 32L, 32L, 32L, 32L);
  }

  @Test
  void aMappedSourceIsReadWhereItIs() throws IOException {
    byte[] bytes = Corpus.bytes("pc-10.0-mapped-ram-busy");
    Path file = Files.write(folder.resolve("mapped"), bytes);
    try (Checkpoint mapped = MappedRamCheckpoint.open(ByteSource.mapped(file));
        Checkpoint read = MappedRamCheckpoint.open(ByteSource.of(file))) {
      assertThat(visited(mapped)).isEqualTo(visited(read));
    }
  }
}
