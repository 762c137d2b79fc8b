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

/// How fast is a stream passed over whose pages nobody wants?
///
/// A stream of 256 MiB of RAM whose file is in the page cache is read element by element without a
/// look at its pages: mapped ([#skipMapped]), and as a file ([#skipFile]), of which only the
/// records' headers are read. The rival ([#readAll]) hands every page to a visitor that does
/// nothing, and so has to have them all. Before anything is measured the RAM sections are counted.
///
/// ```
/// mvn -q package -Dquick -DskipTests -Pbenchmarks -pl tools -am "-Dbenchmark=SkipRamPages -prof
/// gc"
/// ```
///
/// If `skipFile` were slower than `readAll` for pages of 4 KiB, small pages would have to be read
/// rather than jumped over.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
    value = 2,
    jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Xmx512m"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SkipRamPages {
  private static final long RAM_BYTES = 256 << 20;

  /// Bytes of a target page.
  @Param({"4096", "65536"})
  public int pageSize;

  private RamStreamFile stream;

  /// For JMH.
  @SuppressWarnings("NullAway.Init") // Set up by [#prepare].
  public SkipRamPages() {}

  /// Makes the stream and compares what is counted.
  ///
  /// @throws IOException if it cannot be made
  @Setup(Level.Trial)
  public void prepare() throws IOException {
    stream = RamStreamFile.create(pageSize, RAM_BYTES);
    long sections = 2 + (long) stream.runs().length / 2;
    Gate.same("skipMapped", skipMapped(), sections);
    Gate.same("skipFile", skipFile(), sections);
    Gate.same("readAll", readAll(), sections + stream.pages());
  }

  /// Takes the file away.
  ///
  /// @throws IOException if it cannot be removed
  @TearDown(Level.Trial)
  public void clear() throws IOException {
    stream.close();
  }

  /// Pages passed over in a map.
  ///
  /// @throws IOException if the stream cannot be read
  @Benchmark
  public long skipMapped() throws IOException {
    return count(ByteSource.mapped(stream.file()), false);
  }

  /// Pages passed over in a file.
  ///
  /// @throws IOException if the stream cannot be read
  @Benchmark
  public long skipFile() throws IOException {
    return count(ByteSource.of(stream.file()), false);
  }

  /// Pages read and not looked at.
  ///
  /// @throws IOException if the stream cannot be read
  @Benchmark
  public long readAll() throws IOException {
    return count(ByteSource.of(stream.file()), true);
  }

  private long count(ByteSource source, boolean visit) throws IOException {
    Counter counter = new Counter();
    try (StreamReader in = MigrationStream.of(TargetPageSize.of(pageSize)).read(source)) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof RamSection ram) {
          counter.count++;
          if (visit) {
            ram.pages().forEach(counter);
          }
        }
      }
    }
    return counter.count;
  }

  private static final class Counter implements PageVisitor {
    private long count;

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      count++;
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {
      count++;
    }
  }
}
