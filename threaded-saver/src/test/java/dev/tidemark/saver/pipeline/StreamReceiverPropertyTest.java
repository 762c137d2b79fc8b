// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.saver.SaveOptions;
import dev.tidemark.saver.SaveStage;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.SectionHeader;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.RamSection.Phase;
import dev.tidemark.stream.StreamWriter;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/// For any RAM image and any schedule of dirtying and re-sending, what comes out of the archive is
/// the last version of every page.
class StreamReceiverPropertyTest {
  private static final int PAGE = 4096;
  private static final List<RamBlock> BLOCKS =
      List.of(new RamBlock(0, "pc.ram", 300L * PAGE), new RamBlock(1, "vga.vram", 100L * PAGE));
  private static final SectionHeader RAM = SectionHeader.ram(2);
  private static final StreamElement.DeviceSection DEVICE =
      new StreamElement.DeviceSection(
          0, new SectionHeader(5, "clock", 0, 1), new byte[] {0, 0, 0, 7}, true);
  private static final String VMDESC =
      """
      {"page_size": 4096, "devices": [{"name": "clock", "instance_id": 0, "vmsd_name": "clock", \
      "version": 1, "fields": [{"name": "ticks", "type": "uint32", "size": 4}]}]}""";

  @Property(tries = 60)
  void archiveHoldsTheLastVersionOfEveryPage(@ForAll("schedules") Schedule schedule)
      throws Exception {
    Map<Page, Long> last = new HashMap<>();
    byte[] stream = stream(schedule, last);
    Path folder = Files.createTempDirectory("tidemark-test");
    Path file = folder.resolve("vm.tmk");
    try {
      // So small a table that long schedules must spill.
      SaveOptions options = SaveOptions.builder().bufferBytes(SaveOptions.MIN_BUFFER).build();
      StreamReceiver.Counters counters = store(stream, file, options, schedule.stopAfter());
      assertThat(counters.pagesSent()).isEqualTo(schedule.steps().size());
      assertThat(counters.pagesResent()).isEqualTo(schedule.steps().size() - last.size());
      try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(file));
          Arena arena = Arena.ofConfined()) {
        assertThat(checkpoint.deviceState().vmdesc()).hasValue(VMDESC);
        MemorySegment page = arena.allocate(PAGE);
        for (RamBlock block : BLOCKS) {
          for (int i = 0; i < block.usedLength() / PAGE; i++) {
            Long version = last.get(new Page(block.index(), i));
            PageKind kind =
                checkpoint.readPage(
                    checkpoint.ramBlocks().get(block.index()), (long) i * PAGE, page);
            if (version == null) {
              assertThat(kind).isEqualTo(PageKind.MISSING);
            } else if (version == 0) {
              assertThat(kind).isEqualTo(PageKind.ZERO);
            } else {
              assertThat(kind).isEqualTo(PageKind.DATA);
              assertThat(page.mismatch(content(block.index(), i, version))).isEqualTo(-1);
            }
          }
        }
      }
    } finally {
      Files.deleteIfExists(file);
      Files.delete(folder);
    }
  }

  private static StreamReceiver.Counters store(
      byte[] stream, Path file, SaveOptions options, int stopAfter) throws IOException {
    StoppingChannel input = new StoppingChannel(stream, stopAfter);
    ThrottledChannel channel = new ThrottledChannel(input, input::shutdown, OptionalLong.empty());
    List<SaveStage> stages = new ArrayList<>();
    try (FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT);
        StreamReceiver receiver = new StreamReceiver(channel, target, options, stages::add)) {
      input.onStop = receiver::guestStopped;
      receiver.receive();
      receiver.drain();
      receiver.finish(receiver.deviceState(), manifest());
      target.commit();
      return receiver.counters();
    }
  }

  private static byte[] stream(Schedule schedule, Map<Page, Long> last) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (StreamWriter out = MigrationStream.write(Channels.newChannel(bytes))) {
      out.with(new StreamElement.FileHeader());
      out.with(
          StreamElement.Configuration.of(
              new MachineConfiguration(
                  "pc-i440fx-10.0", OptionalInt.empty(), List.of(), Optional.empty())));
      out.beginRam(Phase.START, RAM, BLOCKS.stream().map(RamBlockEntry::of).toList()).end();
      long version = 0;
      int at = 0;
      while (at < schedule.steps().size()) {
        var part = out.beginRam(Phase.PART, RAM, List.of());
        for (int n = 0; n < schedule.partLength() && at < schedule.steps().size(); n++) {
          Step step = schedule.steps().get(at++);
          Page page = new Page(step.block(), step.page());
          RamBlock block = BLOCKS.get(page.block());
          version++;
          if (step.zero()) {
            part.zeroPage(block, (long) page.page() * PAGE);
            last.put(page, 0L);
          } else {
            part.page(
                block, (long) page.page() * PAGE, content(page.block(), page.page(), version), 0);
            last.put(page, version);
          }
        }
        part.end();
      }
      out.beginRam(Phase.END, RAM, List.of()).end();
      out.with(DEVICE);
      out.with(new StreamElement.EndOfFile(0));
      out.with(new StreamElement.VmDescription(0, VMDESC));
    }
    return bytes.toByteArray();
  }

  /// A page that no other version and no other page equals; incompressible.
  private static MemorySegment content(int block, int page, long version) {
    byte[] bytes = new byte[PAGE];
    new Random(version * 1_000_003 + block * 131L + page).nextBytes(bytes);
    MemorySegment segment = MemorySegment.ofArray(bytes);
    segment.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, version);
    return segment;
  }

  private static Manifest manifest() {
    return new Manifest(
        "test",
        Instant.EPOCH,
        "precopy",
        "10.0.2",
        "",
        "x86_64",
        "pc-i440fx-10.0",
        "running",
        List.of(),
        List.of(),
        Optional.empty(),
        List.of(),
        new Manifest.Timing(Optional.empty(), Duration.ZERO, 0, 0));
  }

  @Provide
  Arbitrary<Schedule> schedules() {
    Arbitrary<Step> step =
        Combinators.combine(
                Arbitraries.integers().between(0, 1),
                Arbitraries.integers().between(0, 99),
                Arbitraries.integers().between(0, 2),
                Arbitraries.integers().between(0, 4).map(z -> z == 0))
            .as(
                (block, page, third, zero) ->
                    new Step(block, block == 0 ? page + third * 100 : page, zero));
    return Combinators.combine(
            step.list().ofMinSize(1).ofMaxSize(900),
            Arbitraries.integers().between(1, 200),
            Arbitraries.integers().between(0, 100))
        .as((steps, part, percent) -> new Schedule(steps, part, percent));
  }

  record Page(int block, int page) {}

  record Step(int block, int page, boolean zero) {}

  /// @param partLength pages in a RAM section
  /// @param stopAfter at which hundredth of the stream the guest is stopped; 100: not at all
  record Schedule(List<Step> steps, int partLength, int stopAfter) {}

  /// Gives the stream in pieces, and says at some byte that the guest has been stopped.
  private static final class StoppingChannel implements java.nio.channels.ReadableByteChannel {
    private final ByteArrayInputStream in;
    private final java.nio.channels.ReadableByteChannel channel;
    private final long stopAt;
    private long given;
    private volatile boolean shut;
    private Runnable onStop = () -> {};

    StoppingChannel(byte[] stream, int percent) {
      this.in = new ByteArrayInputStream(stream);
      this.channel = Channels.newChannel(in);
      this.stopAt = percent == 100 ? Long.MAX_VALUE : (long) stream.length * percent / 100;
    }

    @Override
    public int read(java.nio.ByteBuffer target) throws IOException {
      if (shut) {
        return -1;
      }
      if (given >= stopAt) {
        onStop.run();
      }
      int limit = target.limit();
      target.limit(Math.min(limit, target.position() + 30_000));
      int read = channel.read(target);
      target.limit(limit);
      given += Math.max(0, read);
      return read;
    }

    void shutdown() {
      shut = true;
    }

    @Override
    public boolean isOpen() {
      return !shut;
    }

    @Override
    public void close() {
      shut = true;
    }
  }
}
