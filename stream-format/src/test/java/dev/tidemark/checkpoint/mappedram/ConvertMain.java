// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.mappedram;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.RandomAccessTarget;
import dev.tidemark.checkpoint.stream.CheckpointStreamWriter;
import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.checkpoint.stream.StreamCheckpointStream;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;

/// Measures conversions between a stream and a mapped-ram file beside `cp` of the same stream, in
/// turn: FOLDER MIB-OF-RAM PERCENT-OF-IT-THAT-IS-NOT-ZERO ROUNDS. A target is written to its end
/// and
/// thrown away: nothing is synced, as `cp` syncs nothing.
///
/// Prints each time in milliseconds, medians, their ratio to that of `cp`, and the memory used.
final class ConvertMain {
  private static final int PAGE = 4096;
  private static final MigrationStream SETTINGS = MigrationStream.of(TargetPageSize.detect());

  private ConvertMain() {}

  private interface Work {
    void run() throws Exception;
  }

  /// Converts as often as asked.
  ///
  /// @param words folder, MiB of RAM, percentage of pages with content, rounds
  public static void main(String[] words) throws Exception {
    Path folder = Path.of(words[0]);
    RamBlock block = new RamBlock(0, "pc.ram", Long.parseLong(words[1]) << 20);
    int percent = Integer.parseInt(words[2]);
    int rounds = Integer.parseInt(words[3]);
    Path stream = folder.resolve("stream");
    Path mapped = folder.resolve("mapped");
    Path out = folder.resolve("out");
    try {
      generate(block, percent, stream);
      Files.deleteIfExists(mapped);
      toMapped(ByteSource.of(stream), mapped);
      long[][] times = new long[7][rounds];
      for (int i = 0; i < rounds; i++) {
        times[0][i] = time(out, () -> copy(stream, out));
        times[1][i] = time(out, () -> toMapped(ByteSource.of(stream), out));
        times[2][i] = time(out, () -> toMapped(ByteSource.mapped(stream), out));
        times[3][i] = time(out, () -> toStream(ByteSource.of(mapped), out));
        times[5][i] = time(out, () -> indexedToMapped(ByteSource.of(stream), out));
        times[6][i] = time(out, () -> indexedToMapped(ByteSource.mapped(stream), out));
        times[4][i] = time(out, () -> toStream(ByteSource.mapped(mapped), out));
      }
      print("cp", times[0], times[0]);
      print("stream to mapped-ram, read", times[1], times[0]);
      print("stream to mapped-ram, mapped", times[2], times[0]);
      print("mapped-ram to stream, read", times[3], times[0]);
      print("mapped-ram to stream, mapped", times[4], times[0]);
      print("indexed to mapped-ram, read", times[5], times[0]);
      print("indexed to mapped-ram, mapped", times[6], times[0]);
      Files.readString(Path.of("/proc/self/status"))
          .lines()
          .filter(line -> line.matches("(VmHWM|RssAnon).*"))
          .forEach(System.out::println);
    } finally {
      for (Path file : List.of(stream, mapped, out)) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static long time(Path out, Work work) throws Exception {
    Files.deleteIfExists(out);
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) / 1_000_000;
  }

  private static void print(String what, long[] times, long[] base) {
    long median = median(times);
    System.out.printf(
        Locale.ROOT,
        "%-30s %6d ms  %.2f x cp  %s%n",
        what,
        median,
        (double) median / median(base),
        Arrays.toString(times));
  }

  private static long median(long[] times) {
    long[] sorted = times.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static void copy(Path from, Path to) throws Exception {
    Process process =
        new ProcessBuilder(
                "cp", "--reflink=never", "--sparse=never", from.toString(), to.toString())
            .inheritIO()
            .start();
    if (process.waitFor() != 0) {
      throw new IOException("cp failed");
    }
  }

  private static void toMapped(ByteSource source, Path file) throws IOException {
    try (CheckpointStream in = StreamCheckpointStream.open(SETTINGS, source);
        Unsynced target = new Unsynced(file)) {
      MappedRamWriter.write(in, target, MappedRamWriter.Options.DEFAULT);
    }
  }

  private static void indexedToMapped(ByteSource source, Path file) throws IOException {
    try (Checkpoint checkpoint = StreamCheckpoint.open(source);
        CheckpointStream in = checkpoint.stream();
        Unsynced target = new Unsynced(file)) {
      MappedRamWriter.write(in, target, MappedRamWriter.Options.DEFAULT);
    }
  }

  private static void toStream(ByteSource source, Path file) throws IOException {
    try (Checkpoint checkpoint = MappedRamCheckpoint.open(source);
        CheckpointStream in = checkpoint.stream();
        FileChannel out =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      CheckpointStreamWriter.write(in, out, CheckpointStreamWriter.Options.DEFAULT);
    }
  }

  private static void generate(RamBlock block, int percent, Path file) throws IOException {
    Files.deleteIfExists(file);
    try (CheckpointStream made = new Made(block, percent);
        FileChannel out =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      CheckpointStreamWriter.write(made, out, CheckpointStreamWriter.Options.DEFAULT);
    }
  }

  /// A file that is written as [dev.tidemark.checkpoint.FileTarget] writes one, and left as it is.
  private record Unsynced(FileChannel file) implements RandomAccessTarget {
    Unsynced(Path path) throws IOException {
      this(FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    }

    @Override
    public void write(long position, MemorySegment bytes) throws IOException {
      for (ByteBuffer left = bytes.asByteBuffer(); left.hasRemaining(); ) {
        file.write(left, position + left.position());
      }
    }

    @Override
    public void grow(long size) {
      throw new AssertionError("written up to its end");
    }

    @Override
    public void append(MemorySegment bytes) {
      throw new AssertionError("written at positions");
    }

    @Override
    public void sync() {}

    @Override
    public void commit() {}

    @Override
    public void abort() throws IOException {
      file.close();
    }
  }

  /// RAM of random bytes and zero pages.
  private record Made(RamBlock block, int percent) implements CheckpointStream {
    @Override
    public MachineConfiguration configuration() {
      return new MachineConfiguration(
          "pc-i440fx-10.0", OptionalInt.empty(), List.of(), Optional.empty());
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
      return true;
    }

    @Override
    public boolean footers() {
      return true;
    }

    @Override
    public byte[] earlySections() {
      return new byte[0];
    }

    @Override
    public void forEachPage(PageVisitor visitor) throws IOException {
      SplittableRandom random = new SplittableRandom(1);
      MemorySegment noise = Arena.ofAuto().allocate(64L * PAGE, PAGE);
      for (long at = 0; at < noise.byteSize(); at += 8) {
        noise.set(ValueLayout.JAVA_LONG, at, random.nextLong());
      }
      for (long at = 0; at < block.usedLength(); at += PAGE) {
        if (random.nextInt(100) < percent) {
          long from = random.nextInt(63 * PAGE / 8) * 8L;
          noise.set(ValueLayout.JAVA_LONG, from, random.nextLong());
          visitor.page(block, at, noise, from);
        } else {
          visitor.zeroPage(block, at);
        }
      }
    }

    @Override
    public DeviceState deviceState() {
      return new DeviceState(new byte[0], Optional.empty());
    }

    @Override
    public void close() {}
  }
}
