// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.LiveSections;
import dev.tidemark.stream.fixture.MemorySource;
import dev.tidemark.stream.fixture.PieceChannel;
import dev.tidemark.stream.fixture.StreamSpec;
import dev.tidemark.stream.fixture.Streams;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.vmstate.GlobalState;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class StreamCheckpointTest {
  private static final MigrationStream SETTINGS = MigrationStream.of(TargetPageSize.detect());

  private static final String NO_CONTENT =
      "no page has content: they are in the multifd channels, which are files of their own";

  /// Why streams are no checkpoints.
  private static final Map<String, String> REFUSED =
      Map.of(
          "pc-10.0-mapped-ram-background",
          "mapped-ram file of a background snapshot: no page is marked as stored",
          "pc-10.0-postcopy-preempt",
          "discarded pages that do not come again: they went over another channel",
          "pc-10.0-postcopy-recovery",
          "the stream ends");

  static final List<String> READABLE =
      Corpus.names().stream()
          .filter(
              name ->
                  !REFUSED.containsKey(name)
                      && Corpus.entry(name).kind() != Corpus.Kind.MULTIFD
                      && !name.equals("pc-10.0-ignore-shared"))
          .toList();

  static final List<String> IN_ONE_PASS =
      READABLE.stream().filter(name -> Corpus.entry(name).kind() != Corpus.Kind.XBZRLE).toList();

  static final List<String> REFUSED_NAMES = List.copyOf(REFUSED.keySet());
  static final List<String> MULTIFD = Corpus.names(Corpus.Kind.MULTIFD);

  @Provide
  Arbitrary<StreamSpec> specs() {
    return Streams.specs();
  }

  @Property(tries = 200)
  void newestVersionOfEachPageWins(@ForAll("specs") StreamSpec spec) throws IOException {
    if (lacksContent(spec)) {
      return;
    }
    try (StreamCheckpoint checkpoint = StreamCheckpoint.open(new MemorySource(spec.encode()))) {
      Map<String, byte[]> expected = spec.image();
      for (RamBlock block : checkpoint.ramBlocks()) {
        for (long at = 0; at < block.usedLength(); at += spec.pageSize()) {
          byte[] page = new byte[spec.pageSize()];
          PageKind kind = checkpoint.readPage(block, at, MemorySegment.ofArray(page));
          byte[] wanted = expected.get(StreamSpec.key(block.idstr(), at));
          assertThat(kind == PageKind.MISSING).isEqualTo(wanted == null);
          assertThat(page).isEqualTo(wanted == null ? new byte[spec.pageSize()] : wanted);
        }
      }
      for (BlockPages pages : checkpoint.blockPages()) {
        Map<PageKind, Long> kinds = new EnumMap<>(PageKind.class);
        for (long at = 0; at < pages.block().usedLength(); at += spec.pageSize()) {
          kinds.merge(checkpoint.pageKind(pages.block(), at), 1L, Long::sum);
        }
        assertThat(pages.data()).isEqualTo(kinds.getOrDefault(PageKind.DATA, 0L));
        assertThat(pages.zero()).isEqualTo(kinds.getOrDefault(PageKind.ZERO, 0L));
        assertThat(pages.missing()).isEqualTo(kinds.getOrDefault(PageKind.MISSING, 0L));
      }
    }
  }

  @Property(tries = 200)
  void canonicalStreamHoldsTheSame(@ForAll("specs") StreamSpec any, @ForAll boolean indexed)
      throws IOException {
    // What one pass cannot know when a page of START comes first, it takes for what machine types
    // do: both or none.
    StreamSpec spec = indexed ? any : any.withFooters(any.configuration());
    byte[] bytes = spec.encode();
    byte[] written;
    if (lacksContent(spec)) {
      assertThatThrownBy(() -> StreamCheckpoint.open(new MemorySource(bytes)))
          .isInstanceOf(StreamException.Unsupported.class)
          .hasMessageContaining(NO_CONTENT);
      return;
    }
    try (StreamCheckpoint checkpoint = StreamCheckpoint.open(new MemorySource(bytes));
        CheckpointStream in =
            indexed
                ? checkpoint.stream()
                : StreamCheckpointStream.open(SETTINGS, PieceChannel.ofSize(bytes, 1000))) {
      written = write(in, CheckpointStreamWriter.Options.DEFAULT);
    }
    try (StreamCheckpoint again =
        StreamCheckpoint.open(
            MigrationStream.of(TargetPageSize.of(spec.pageSize())), new MemorySource(written))) {
      assertThat(again.commands()).isEmpty();
      assertThat(again.ramSections()).isEqualTo(3);
      assertThat(again.footers()).isEqualTo(spec.footers());
      assertThat(again.deviceState().sections()).isEqualTo(spec.deviceSections());
      assertThat(again.deviceState().vmdesc().isPresent()).isEqualTo(spec.vmdesc());
      assertSame(again, spec.image());
    }
  }

  /// Whether a spec looks like the main channel of multifd: in the end no page has content, and
  /// some
  /// never come.
  private static boolean lacksContent(StreamSpec spec) {
    long pages = spec.blocks().stream().mapToLong(StreamSpec.Block::pages).sum();
    Map<String, byte[]> image = spec.image();
    byte[] zeroes = new byte[spec.pageSize()];
    return image.size() < pages
        && image.values().stream().allMatch(page -> Arrays.equals(page, zeroes));
  }

  /// A stream is read if its canonical copy is, where no trace is left of content that was
  /// replaced.
  @Test
  void contentThatBecameZeroIsNoContent() {
    StreamSpec spec =
        new StreamSpec(
            4096,
            true,
            true,
            false,
            true,
            true,
            List.of(new StreamSpec.Block("ram", 2)),
            List.of(
                List.of(new StreamSpec.Page(0, 0, 1000, true)),
                List.of(new StreamSpec.Page(0, 0, 0, true))),
            List.of(new StreamSpec.Device("device", 0, 8)),
            List.of());
    assertThatThrownBy(() -> StreamCheckpoint.open(new MemorySource(spec.encode())))
        .isInstanceOf(StreamException.Unsupported.class)
        .hasMessageContaining(NO_CONTENT);
  }

  @ParameterizedTest
  @FieldSource("READABLE")
  void realStreamsKeepTheirRam(String name) throws IOException {
    keepsItsRam(name, new MemorySource(Corpus.bytes(name)));
  }

  @ParameterizedTest
  @FieldSource("READABLE")
  void mappedStreamsKeepTheirRam(String name, @TempDir Path folder) throws IOException {
    Path file = Files.write(folder.resolve("stream"), Corpus.bytes(name));
    keepsItsRam(name, ByteSource.mapped(file));
  }

  private static void keepsItsRam(String name, ByteSource source) throws IOException {
    long start = Corpus.entry(name).streamOffset();
    try (StreamCheckpoint checkpoint = StreamCheckpoint.open(SETTINGS, source, start);
        CheckpointStream pages = checkpoint.stream()) {
      byte[] written = write(pages, CheckpointStreamWriter.Options.DEFAULT.withRunState("paused"));
      try (StreamCheckpoint again = StreamCheckpoint.open(new MemorySource(written))) {
        assertCanonical(name, checkpoint, again);
        for (BlockPages blockPages : again.blockPages()) {
          assertThat(blockPages.records()).isEqualTo(blockPages.data() + blockPages.zero());
          // Of virtio-mem memory that is not plugged, no page is sent.
          assertThat(blockPages.missing())
              .isEqualTo(blockPages.block().idstr().endsWith("/more") ? 2048 : 0);
        }
      }
    }
  }

  @Test
  void aMappedStreamThatIsCutMeanwhileIsTruncated(@TempDir Path folder) throws IOException {
    Path file = Files.write(folder.resolve("cut"), Corpus.bytes("pc-10.0-stopped"));
    try (StreamCheckpoint checkpoint = StreamCheckpoint.open(ByteSource.mapped(file));
        CheckpointStream in = checkpoint.stream()) {
      try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(100_000);
      }
      assertThatThrownBy(() -> write(in, CheckpointStreamWriter.Options.DEFAULT))
          .isInstanceOf(StreamException.Truncated.class)
          .hasMessageContaining("the file was cut while it was mapped");
    }
  }

  @ParameterizedTest
  @FieldSource("IN_ONE_PASS")
  void onePassGivesTheSame(String name) throws IOException {
    Corpus.Entry entry = Corpus.entry(name);
    byte[] bytes = Corpus.bytes(name);
    byte[] stream = Arrays.copyOfRange(bytes, (int) entry.streamOffset(), bytes.length);
    try (StreamCheckpoint checkpoint =
            StreamCheckpoint.open(SETTINGS, new MemorySource(bytes), entry.streamOffset());
        StreamCheckpointStream in =
            entry.streamOffset() > 0
                ? StreamCheckpointStream.open(
                    SETTINGS, new MemorySource(bytes), entry.streamOffset())
                : StreamCheckpointStream.open(SETTINGS, new MemorySource(stream))) {
      byte[] written = write(in, CheckpointStreamWriter.Options.DEFAULT.withRunState("paused"));
      try (StreamCheckpoint again = StreamCheckpoint.open(new MemorySource(written))) {
        assertCanonical(name, checkpoint, again);
      }
    }
  }

  private static void assertCanonical(String name, StreamCheckpoint source, StreamCheckpoint copy)
      throws IOException {
    MachineConfiguration machine = source.configuration();
    assertThat(copy.configuration())
        .isEqualTo(
            new MachineConfiguration(
                machine.machineType(),
                machine.targetPageBits(),
                machine.capabilities().stream().filter(c -> !c.equals("mapped-ram")).toList(),
                machine.uuid()));
    assertThat(copy.ramBlocks()).isEqualTo(source.ramBlocks());
    assertThat(copy.commands()).isEmpty();
    assertThat(copy.footers()).isEqualTo(!Corpus.WITHOUT_FOOTERS.contains(name));
    DeviceState state = source.deviceState();
    DeviceState again = copy.deviceState();
    assertThat(again.sections())
        .isEqualTo(GlobalState.withRunState(state.sections(), "paused"))
        .isNotEmpty();
    if (!Corpus.WITHOUT_FOOTERS.contains(name)) {
      assertThat(GlobalState.runState(again.sections())).contains("paused");
    }
    assertThat(again.vmdesc()).isEqualTo(state.vmdesc());
    assertThat(again.early()).isEqualTo(state.early());
    assertThat(again.early().length > 0).isEqualTo(name.equals("pc-10.0-virtio-mem"));
    assertThat(LiveSections.of(again)).isEqualTo(LiveSections.of(state));
    assertThat(again.iterable().isEmpty())
        .isEqualTo(Corpus.entry(name).kind() != Corpus.Kind.ITERABLE);
    byte[] one = new byte[copy.targetPageSize()];
    byte[] other = new byte[copy.targetPageSize()];
    for (RamBlock block : copy.ramBlocks()) {
      for (long at = 0; at < block.usedLength(); at += one.length) {
        assertThat(copy.readPage(block, at, MemorySegment.ofArray(one)))
            .isEqualTo(source.readPage(block, at, MemorySegment.ofArray(other)));
        assertThat(Arrays.equals(one, other)).isTrue();
      }
    }
  }

  @ParameterizedTest
  @FieldSource("REFUSED_NAMES")
  void whatWouldLosePagesIsRefused(String name) throws IOException {
    byte[] bytes = Corpus.bytes(name);
    String why = REFUSED.getOrDefault(name, "");
    assertThatThrownBy(() -> StreamCheckpoint.open(new MemorySource(bytes)))
        .isInstanceOf(StreamException.class)
        .hasMessageContaining(why);
    try (StreamCheckpointStream in =
        StreamCheckpointStream.open(SETTINGS, new MemorySource(bytes))) {
      assertThatThrownBy(() -> write(in, CheckpointStreamWriter.Options.DEFAULT))
          .isInstanceOf(StreamException.class)
          .hasMessageContaining(why);
    }
  }

  @Test
  void aBrokenOffPostcopyIsTruncated() throws IOException {
    byte[] whole = Corpus.bytes("pc-10.0-postcopy");
    for (byte[] cut :
        List.of(
            Corpus.bytes("pc-10.0-postcopy-recovery"), Arrays.copyOf(whole, whole.length - 1))) {
      assertThatThrownBy(() -> StreamCheckpoint.open(new MemorySource(cut)))
          .isInstanceOf(StreamException.Truncated.class);
    }
  }

  @ParameterizedTest
  @FieldSource("MULTIFD")
  void theMainChannelOfMultifdAloneIsRefused(String name) throws IOException {
    byte[] bytes = Corpus.bytes(name);
    assertThatThrownBy(() -> StreamCheckpoint.open(new MemorySource(bytes)))
        .isInstanceOf(StreamException.Unsupported.class)
        .hasMessageContaining(NO_CONTENT);
  }

  @Test
  void ignoredSharedMemoryIsReadButNotWritten() throws IOException {
    byte[] bytes = Corpus.bytes("pc-10.0-ignore-shared");
    try (StreamCheckpoint checkpoint = StreamCheckpoint.open(new MemorySource(bytes));
        CheckpointStream in = checkpoint.stream()) {
      RamBlock shared = checkpoint.ramBlocks().getFirst();
      assertThat(shared.idstr()).isEqualTo("pc.ram");
      assertThat(checkpoint.pageKind(shared, 0)).isEqualTo(PageKind.MISSING);
      assertThatThrownBy(() -> write(in, CheckpointStreamWriter.Options.DEFAULT))
          .isInstanceOf(StreamException.Unsupported.class)
          .hasMessageContaining("x-ignore-shared: a part of RAM is in other files");
    }
  }

  private static byte[] write(CheckpointStream in, CheckpointStreamWriter.Options options)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    long bytes = CheckpointStreamWriter.write(in, Channels.newChannel(out), options);
    assertThat(out.size()).isEqualTo(bytes);
    return out.toByteArray();
  }

  private static void assertSame(StreamCheckpoint actual, Map<String, byte[]> expected)
      throws IOException {
    Map<String, byte[]> image = new TreeMap<>();
    for (RamBlock block : actual.ramBlocks()) {
      for (long at = 0; at < block.usedLength(); at += actual.targetPageSize()) {
        byte[] page = new byte[actual.targetPageSize()];
        if (actual.readPage(block, at, MemorySegment.ofArray(page)) != PageKind.MISSING) {
          image.put(StreamSpec.key(block.idstr(), at), page);
        }
      }
    }
    assertThat(image.keySet()).isEqualTo(expected.keySet());
    expected.forEach((key, page) -> assertThat(image.get(key)).as(key).isEqualTo(page));
  }
}
