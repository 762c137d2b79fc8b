// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static dev.tidemark.checkpoint.archive.Archives.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.CheckpointTarget;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.stream.CheckpointStreamWriter;
import dev.tidemark.checkpoint.stream.StreamCheckpointStream;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.channels.Channels;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class ArchiveConversionTest {
  /// Those that are no checkpoints by themselves; `StreamCheckpointTest` says why.
  private static final Set<String> REFUSED =
      Set.of(
          "pc-10.0-mapped-ram-background",
          "pc-10.0-postcopy-preempt",
          "pc-10.0-postcopy-recovery",
          "pc-10.0-ignore-shared");

  static final List<String> READABLE =
      Corpus.entries().stream()
          .filter(e -> e.kind() != Corpus.Kind.MULTIFD && !REFUSED.contains(e.name()))
          .filter(e -> e.streamOffset() == 0)
          .map(Corpus.Entry::name)
          .toList();

  /// What one pass tells that holds no deltas.
  static final List<String> IN_ONE_PASS =
      READABLE.stream().filter(name -> Corpus.entry(name).kind() != Corpus.Kind.XBZRLE).toList();

  /// A checkpoint in its canonical form: two that hold the same give the same bytes.
  private static byte[] canonical(Checkpoint checkpoint) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (CheckpointStream in = checkpoint.stream()) {
      CheckpointStreamWriter.write(
          in, Channels.newChannel(bytes), CheckpointStreamWriter.Options.DEFAULT);
    }
    return bytes.toByteArray();
  }

  private static byte[] converted(CheckpointStream in, ArchiveOptions options) throws IOException {
    MemoryTarget target = new MemoryTarget();
    long size = ArchiveConversion.write(in, target, Optional.empty(), options, Progress.NONE);
    assertThat(size).isEqualTo(target.toByteArray().length);
    return target.toByteArray();
  }

  private static void assertHoldsTheSame(byte[] archive, Checkpoint source) throws IOException {
    ArchiveVerifier.verify(ByteSource.of(archive), Progress.NONE);
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(archive))) {
      assertThat(checkpoint.manifest()).isEmpty();
      assertThat(canonical(checkpoint)).isEqualTo(canonical(source));
    }
  }

  @ParameterizedTest
  @FieldSource("READABLE")
  void archiveHoldsWhatTheCheckpointHeld(String name) throws IOException {
    byte[] bytes = Corpus.bytes(name);
    ArchiveOptions options =
        Archives.options().get(Math.floorMod(name.hashCode(), Archives.options().size()));
    try (Checkpoint source = Checkpoint.open(ByteSource.of(bytes))) {
      byte[] archive;
      try (CheckpointStream in = source.stream()) {
        archive = converted(in, options);
      }
      assertHoldsTheSame(archive, source);
    }
  }

  @ParameterizedTest
  @FieldSource("IN_ONE_PASS")
  void pagesThatComeAgainReplaceTheEarlierOnes(String name) throws IOException {
    byte[] bytes = Corpus.bytes(name);
    MigrationStream settings = MigrationStream.of(TargetPageSize.detect());
    try (Checkpoint source = Checkpoint.open(ByteSource.of(bytes));
        CheckpointStream in = StreamCheckpointStream.open(settings, ByteSource.of(bytes))) {
      assertHoldsTheSame(converted(in, ArchiveOptions.DEFAULT), source);
    }
  }

  @Test
  void manifestIsKept() throws IOException {
    MemoryTarget target = new MemoryTarget();
    try (Checkpoint source =
        Checkpoint.open(ByteSource.of(Archives.small(ArchiveOptions.DEFAULT)))) {
      ArchiveConversion.write(
          source.stream(), target, source.manifest(), ArchiveOptions.DEFAULT, Progress.NONE);
    }
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(target.toByteArray()))) {
      assertThat(checkpoint.manifest()).contains(Archives.MANIFEST);
    }
  }

  @Test
  void progressEndsWithAllOfRam() throws IOException {
    long[] last = new long[2];
    ArchiveConversion.write(
        new Made(1000, 0, true),
        new MemoryTarget(),
        Optional.empty(),
        ArchiveOptions.DEFAULT,
        (done, total) -> {
          assertThat(done).isBetween(last[0], total);
          last[0] = done;
          last[1] = total;
        });
    assertThat(last).containsExactly(1000 * PAGE, 1000 * PAGE);
  }

  @Test
  void fullDiskIsWhatIsThrown() {
    assertThatThrownBy(() -> write(new Made(20_000, 0, true), new MemoryTarget(1 << 20)))
        .isInstanceOf(IOException.class)
        .hasMessage("No space left on device");
    assertNoThreads();
  }

  @Test
  void damagedInputIsWhatIsThrown() {
    assertThatThrownBy(() -> write(new Made(20_000, 12_345, true), new MemoryTarget()))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageContaining("bad page at offset 0x3039");
    assertNoThreads();
  }

  @Test
  void ramThatNoArchiveHoldsIsUnsupported() {
    RamBlock one = new RamBlock(0, "a", PAGE);
    RamBlock same = new RamBlock(1, "a", PAGE);
    assertThatThrownBy(
            () ->
                write(
                    new Made(1, 0, true) {
                      @Override
                      public List<RamBlock> ramBlocks() {
                        return List.of(one, same);
                      }
                    },
                    new MemoryTarget()))
        .isInstanceOf(StreamException.Unsupported.class)
        .hasMessageContaining("two RAM blocks named \"a\"");
  }

  @Test
  void footersThatTurnUpLateAreRefused() {
    assertThatThrownBy(() -> write(new Made(8, 0, false), new MemoryTarget()))
        .isInstanceOf(StreamException.Unsupported.class)
        .hasMessageContaining("known only behind them");
    assertNoThreads();
  }

  /// The reading thread allocates nothing for a page, however many there are.
  @Test
  void readingThreadAllocatesNothingForAPage() throws IOException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    write(new Made(4_000, 0, true), new Nowhere());
    long start = threads.getCurrentThreadAllocatedBytes();
    write(new Made(4_000, 0, true), new Nowhere());
    long between = threads.getCurrentThreadAllocatedBytes();
    write(new Made(68_000, 0, true), new Nowhere());
    long end = threads.getCurrentThreadAllocatedBytes();
    double more = end - between - (between - start);
    assertThat(more / 64_000).as("bytes a page").isLessThanOrEqualTo(8);
  }

  private static void write(CheckpointStream in, CheckpointTarget out) throws IOException {
    ArchiveConversion.write(in, out, Optional.empty(), ArchiveOptions.DEFAULT, Progress.NONE);
  }

  private static void assertNoThreads() {
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .noneMatch(name -> name.startsWith("tidemark-compress") || name.equals("tidemark-write"));
  }

  /// A made-up checkpoint.
  private static class Made implements CheckpointStream {
    private final RamBlock ram;
    private final int badPage;
    private final boolean steady;
    private final MemorySegment window = MemorySegment.ofArray(Archives.randomPage(5));
    private boolean visited;

    /// @param badPage which page cannot be read; 0: all can
    /// @param steady whether footers are known before the pages
    Made(int pages, int badPage, boolean steady) {
      this.ram = new RamBlock(0, "pc.ram", (long) pages * PAGE);
      this.badPage = badPage;
      this.steady = steady;
    }

    @Override
    public MachineConfiguration configuration() {
      return new MachineConfiguration("pc", OptionalInt.empty(), List.of(), Optional.empty());
    }

    @Override
    public List<RamBlock> ramBlocks() {
      return List.of(ram);
    }

    @Override
    public int targetPageSize() {
      return PAGE;
    }

    @Override
    public boolean eachPageOnce() {
      return true;
    }

    @Override
    public boolean footers() {
      return steady || visited;
    }

    @Override
    public byte[] earlySections() {
      return new byte[0];
    }

    @Override
    public void forEachPage(PageVisitor visitor) throws IOException {
      for (long at = 0; at < ram.usedLength(); at += PAGE) {
        if (badPage != 0 && at == (long) badPage * PAGE) {
          throw new StreamException.Malformed("bad page", badPage, "test");
        }
        visitor.page(ram, at, window, 0);
      }
      visited = true;
    }

    @Override
    public DeviceState deviceState() {
      return Archives.DEVICES;
    }

    @Override
    public void close() {}
  }

  /// Takes bytes and forgets them.
  private static final class Nowhere implements CheckpointTarget {
    @Override
    public void append(MemorySegment bytes) {}

    @Override
    public void sync() {}

    @Override
    public void commit() {}

    @Override
    public void abort() {}
  }
}
