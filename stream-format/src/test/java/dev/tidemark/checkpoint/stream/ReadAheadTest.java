// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.ByteSource;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class ReadAheadTest {
  private static final long SIZE = 100 << 20;

  @TempDir Path folder;

  private Path file() throws IOException {
    Path file = folder.resolve("large");
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.setLength(SIZE);
    }
    return file;
  }

  @Test
  void endsWhileItWaitsForTheReader() throws IOException {
    try (ByteSource source = ByteSource.mapped(file())) {
      try (ReadAhead ahead = ReadAhead.of(source.memory().orElseThrow(), 0).orElseThrow()) {
        ahead.passed(1 << 20);
      }
    }
    assertThat(threads()).isEmpty();
  }

  @Test
  void endsWhereTheFileWasCut() throws IOException {
    Path file = file();
    try (ByteSource source = ByteSource.mapped(file)) {
      try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
        out.setLength(4096);
      }
      try (ReadAhead ahead = ReadAhead.of(source.memory().orElseThrow(), 0).orElseThrow()) {
        ahead.passed(SIZE);
        await();
      }
    }
  }

  private static void await() {
    while (!threads().isEmpty()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void smallFilesAndMemoryAreNotWorthAThread() throws IOException {
    assertThat(ReadAhead.of(MemorySegment.ofArray(new byte[64 << 20]), 0)).isEmpty();
    Path file = file();
    Files.write(file, new byte[1 << 20]);
    try (ByteSource source = ByteSource.mapped(file)) {
      assertThat(ReadAhead.of(source.memory().orElseThrow(), 0)).isEmpty();
    }
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.equals("tidemark-ahead"))
        .toList();
  }
}
