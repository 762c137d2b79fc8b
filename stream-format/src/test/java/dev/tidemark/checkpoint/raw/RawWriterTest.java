// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.raw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.memory.MadeCheckpoint;
import dev.tidemark.checkpoint.memory.MemoryMap;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RawWriterTest {
  @TempDir Path folder;

  @Test
  void everyBlockOfARealStreamIsItsFile() throws IOException {
    try (Checkpoint in = Checkpoint.open(ByteSource.of(Corpus.bytes("pc-10.0-busy")))) {
      for (RamBlock block : in.ramBlocks()) {
        Path file = folder.resolve(RawFiles.nameOf(block));
        try (FileTarget out = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
          assertThat(RawWriter.block(in, block, out, Progress.NONE)).isEqualTo(block.usedLength());
          out.commit();
        }
        byte[] content = Files.readAllBytes(file);
        assertThat(content).hasSize((int) block.usedLength());
        byte[] page = new byte[4096];
        for (int at = 0; at < content.length; at += page.length) {
          in.readPage(block, at, MemorySegment.ofArray(page));
          assertThat(java.util.Arrays.equals(content, at, at + 4096, page, 0, 4096)).isTrue();
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
            .isEqualTo("rw-------");
      }
    }
  }

  @Test
  void physicalMemoryNeedsAMap() throws IOException {
    MadeCheckpoint made = new MadeCheckpoint("raspi4b").with("ram", 4096);
    try (FileTarget out = FileTarget.create(folder.resolve("raw"), FileTarget.Options.DEFAULT)) {
      assertThatThrownBy(() -> RawWriter.physical(made, MemoryMap.of(made), out, Progress.NONE))
          .isInstanceOf(StreamException.Unsupported.class)
          .hasMessageContaining("no RAM block has a known guest-physical address");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "pc.ram, pc.ram.raw",
    "0000:00:02.0/vga.vram, 0000%3a00%3a02.0%2fvga.vram.raw",
    "/rom@etc/acpi/tables, %2from%40etc%2facpi%2ftables.raw",
    "../../etc/passwd, %2e.%2f..%2fetc%2fpasswd.raw",
    "., %2e.raw",
    ".., %2e..raw",
    "'', .raw",
    "-rf, %2drf.raw",
    "a%2fb, a%252fb.raw",
    "a~b, a%7eb.raw",
    "' ', %20.raw"
  })
  void aFileNameIsOneComponentOfAPath(String block, String expected) {
    assertThat(RawFiles.nameOf(new RamBlock(0, block, 4096)))
        .isEqualTo(block.isEmpty() ? "%.raw" : expected);
  }

  @Test
  void namesDifferWhereBlocksDo() {
    List<String> blocks =
        Stream.of(
                "a/b",
                "a%2fb",
                "a%2Fb",
                "a\u00e9",
                "a\u0001",
                "a\u1234",
                "a%u1234",
                "a\n",
                "a",
                "a.raw",
                "/".repeat(255),
                "/".repeat(254),
                "/".repeat(254) + "a",
                "/".repeat(254) + "b",
                "x".repeat(160),
                "x".repeat(161))
            .toList();
    List<String> names =
        blocks.stream().map(name -> RawFiles.nameOf(new RamBlock(0, name, 4096))).toList();
    assertThat(names)
        .doesNotHaveDuplicates()
        .allMatch(name -> name.matches("[A-Za-z0-9_%][A-Za-z0-9_%.~-]*\\.raw"))
        .allMatch(name -> name.length() <= 181);
  }
}
