// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.fixture.PieceChannel;
import dev.tidemark.stream.fixture.RecordStream;
import dev.tidemark.stream.fixture.RecordStream.Mix;
import dev.tidemark.stream.ram.DeltaVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamRecordVisitor;
import dev.tidemark.stream.ram.XbzrleEncoder;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Reading pages allocates nothing per page, wherever they come from and whatever is done with
/// them.
class PageAllocationTest {
  private static final int RECORDS = 20_000;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir static Path folder;

  private static byte[] plain = {};
  private static byte[] all = {};

  /// Where bytes come from.
  enum From {
    /// A file read into the window.
    FILE,
    /// A mapped file.
    MAP,
    /// A pipe.
    PIPE
  }

  /// What is done with a section.
  enum Use {
    /// [dev.tidemark.stream.ram.RamPages#forEach].
    PAGES,
    /// [dev.tidemark.stream.ram.RamPages#forEachRecord].
    RECORDS,
    /// Nothing, so that the reader passes over it.
    SKIP,
    /// Written as it was read.
    COPY,
    /// Written page by page.
    WRITE,
    /// Encoded anew, with deltas.
    ENCODE
  }

  @BeforeAll
  static void make() throws IOException {
    plain = new RecordStream(4096, 5000, RECORDS, Mix.PLAIN, 1).bytes();
    all = new RecordStream(4096, 5000, RECORDS, Mix.ALL, 2).bytes();
    Files.write(folder.resolve("plain"), plain);
    Files.write(folder.resolve("all"), all);
  }

  static Stream<Arguments> ways() {
    return Stream.of(From.values())
        .flatMap(
            from ->
                Stream.of(Use.values())
                    .flatMap(
                        use ->
                            Stream.of("plain", "all")
                                .filter(name -> use != Use.ENCODE || name.equals("plain"))
                                .map(name -> Arguments.of(from, use, name))));
  }

  @ParameterizedTest
  @MethodSource("ways")
  void atMostOneBytePerPage(From from, Use use, String name) throws IOException {
    Sum sum = new Sum();
    long allocated = Long.MAX_VALUE;
    // Until it is compiled more may be allocated; elements, of which there are five, and what the
    // first compressed page sets up are counted in.
    for (int run = 0; run < 8 && (run < 3 || allocated >= RECORDS); run++) {
      sum.seen = 0;
      try (StreamReader in = open(from, name);
          StreamWriter out = MigrationStream.write(new Nowhere())) {
        allocated = sections(in, out, use, sum);
      }
    }
    assertThat(allocated).isLessThan(RECORDS);
    if (use != Use.SKIP && use != Use.COPY && use != Use.WRITE) {
      assertThat(sum.seen).isGreaterThan(RECORDS / 2);
      assertThat(sum.sum).isNotZero();
    }
  }

  private static StreamReader open(From from, String name) throws IOException {
    MigrationStream settings = MigrationStream.of(TargetPageSize.of(4096));
    Path file = folder.resolve(name);
    return switch (from) {
      case FILE -> settings.read(ByteSource.of(file));
      case MAP -> settings.read(ByteSource.mapped(file));
      case PIPE -> settings.read(PieceChannel.ofSize(name.equals("plain") ? plain : all, 1 << 16));
    };
  }

  /// Bytes allocated in all RAM sections behind START.
  private static long sections(StreamReader in, StreamWriter out, Use use, Sum sum)
      throws IOException {
    XbzrleEncoder encoder = new XbzrleEncoder(4096, 8 << 20);
    long allocated = 0;
    boolean first = true;
    StreamElement e = in.next();
    while (e != null) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      boolean counted = e instanceof RamSection && !first;
      if (e instanceof RamSection ram) {
        first = false;
        switch (use) {
          case PAGES -> ram.pages().forEach(sum);
          case RECORDS -> ram.pages().forEachRecord(sum);
          case SKIP -> {}
          case COPY -> out.with(ram);
          case WRITE -> {
            if (!ram.blockList().isEmpty()) {
              break;
            }
            var part = out.beginRam(ram.phase(), ram.header(), ram.blockList());
            ram.pages().forEach(part);
            part.end();
          }
          case ENCODE -> ram.pages().forEach(encoder.into(sum));
        }
      }
      boolean behind = e instanceof RamSection ram && ram.phase() == RamSection.Phase.END;
      if (behind) {
        allocated += counted ? THREADS.getCurrentThreadAllocatedBytes() - before : 0;
        // What follows is device state.
        return use == Use.SKIP ? allocated + rest(in) : allocated;
      }
      e = in.next();
      allocated += counted ? THREADS.getCurrentThreadAllocatedBytes() - before : 0;
    }
    return allocated;
  }

  private static long rest(StreamReader in) throws IOException {
    while (in.next() != null) {}
    return 0;
  }

  private static final class Nowhere implements WritableByteChannel {
    @Override
    public int write(ByteBuffer bytes) {
      int count = bytes.remaining();
      bytes.position(bytes.limit());
      return count;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  private static final class Sum implements DeltaVisitor, RamRecordVisitor {
    long seen;
    long sum;

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      seen++;
      sum += window.get(ValueLayout.JAVA_LONG_UNALIGNED, windowOffset);
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {
      seen++;
    }

    @Override
    public void xbzrlePage(
        RamBlock block, long pageOffset, MemorySegment window, long windowOffset, int length) {
      seen++;
      sum += length == 0 ? 0 : window.get(ValueLayout.JAVA_BYTE, windowOffset + length - 1);
    }

    @Override
    public void page(
        RamBlock block,
        long pageOffset,
        boolean continued,
        MemorySegment window,
        long windowOffset) {
      page(block, pageOffset, window, windowOffset);
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset, boolean continued, byte fill) {
      seen++;
    }

    @Override
    public void xbzrlePage(
        RamBlock block,
        long pageOffset,
        boolean continued,
        MemorySegment window,
        long windowOffset,
        int length) {
      xbzrlePage(block, pageOffset, window, windowOffset, length);
    }

    @Override
    public void compressedPage(
        RamBlock block,
        long pageOffset,
        boolean continued,
        MemorySegment window,
        long windowOffset,
        int length) {
      xbzrlePage(block, pageOffset, window, windowOffset, length);
    }

    @Override
    public void multifdFlush() {
      seen++;
    }
  }
}
