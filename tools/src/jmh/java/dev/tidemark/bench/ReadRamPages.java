// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.bench;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamReader;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What do pages cost that come through the stream's reader, against no reader at all?
///
/// A visitor sums every long of every page of a stream of 256 MiB of RAM whose file is in the page
/// cache: mapped ([#visitMapped]), and read into the window ([#visitRead]). The rival ([#sumOfMap])
/// sums the same bytes, and the words between the pages, in one loop a section straight from the
/// map. Before anything is measured all sums are compared with that of what was written.
///
/// ```
/// mvn -q package -Dquick -DskipTests -Pbenchmarks -pl tools -am "-Dbenchmark=ReadRamPages -prof
/// gc"
/// ```
///
/// If `visitMapped` had less than 0.7 of the speed of `sumOfMap`, or if more than a byte a page
/// were
/// allocated, the page path would have to hand out several pages at once.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
    value = 2,
    jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Xmx512m"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ReadRamPages {
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final long RAM_BYTES = 256 << 20;

  /// Bytes of a target page.
  @Param({"4096", "65536"})
  public int pageSize;

  private RamStreamFile stream;
  private ByteSource source;
  private MemorySegment map;

  /// For JMH.
  @SuppressWarnings("NullAway.Init") // Set up by [#prepare].
  public ReadRamPages() {}

  /// Makes the stream and compares the sums.
  ///
  /// @throws IOException if it cannot be made
  @Setup(Level.Trial)
  public void prepare() throws IOException {
    stream = RamStreamFile.create(pageSize, RAM_BYTES);
    source = ByteSource.mapped(stream.file());
    map = source.memory().orElseThrow();
    Gate.same("sumOfMap", sumOfMap(), stream.sum());
    Gate.same("visitMapped", visitMapped(), stream.sum());
    Gate.same("visitRead", visitRead(), stream.sum());
  }

  /// Takes the file away.
  ///
  /// @throws IOException if it cannot be removed
  @TearDown(Level.Trial)
  public void clear() throws IOException {
    source.close();
    stream.close();
  }

  /// One loop a section over the map.
  @Benchmark
  public long sumOfMap() {
    long sum = 0;
    long[] runs = stream.runs();
    for (int i = 0; i < runs.length; i += 2) {
      sum += sum(map, runs[i], runs[i + 1] - runs[i]);
    }
    return sum - stream.wordSum();
  }

  /// Through the reader, pages where they are in the map.
  ///
  /// @throws IOException if the stream cannot be read
  @Benchmark
  public long visitMapped() throws IOException {
    return visit(ByteSource.of(map));
  }

  /// Through the reader, pages in its window.
  ///
  /// @throws IOException if the stream cannot be read
  @Benchmark
  public long visitRead() throws IOException {
    return visit(ByteSource.of(stream.file()));
  }

  private long visit(ByteSource from) throws IOException {
    Sum sum = new Sum(pageSize);
    try (StreamReader in = MigrationStream.of(TargetPageSize.of(pageSize)).read(from)) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof RamSection ram) {
          ram.pages().forEach(sum);
        }
      }
    }
    return sum.sum;
  }

  private static long sum(MemorySegment segment, long from, long length) {
    long sum = 0;
    for (long at = 0; at < length; at += Long.BYTES) {
      sum += segment.get(LONG, from + at);
    }
    return sum;
  }

  private static final class Sum implements PageVisitor {
    private final int pageSize;
    private long sum;

    Sum(int pageSize) {
      this.pageSize = pageSize;
    }

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      sum += sum(window, windowOffset, pageSize);
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {}
  }
}
