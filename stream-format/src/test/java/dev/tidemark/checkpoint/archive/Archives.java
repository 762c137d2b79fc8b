// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.checkpoint.CheckpointTarget;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Archives for tests.
final class Archives {
  static final int PAGE = 4096;

  static final Manifest MANIFEST =
      new Manifest(
          "0.1.0",
          Instant.parse("2026-11-01T12:34:56Z"),
          "precopy",
          "10.0.2",
          "",
          "x86_64",
          "pc-i440fx-10.0",
          "running",
          List.of("events"),
          List.of(),
          Optional.empty(),
          List.of(),
          new Manifest.Timing(Optional.of(Duration.ofMillis(7)), Duration.ofSeconds(1), 3, 1));

  static final DeviceState DEVICES =
      new DeviceState(new byte[] {4, 1, 2, 3, 4, 5}, Optional.of("{\"page_size\": 4096}"));

  private Archives() {}

  /// A configuration section for a machine type.
  static byte[] configuration(String machineType) {
    byte[] name = machineType.getBytes(StandardCharsets.US_ASCII);
    return new ByteSink().be32(name.length).bytes(name).toByteArray();
  }

  static ArchivePrologue prologue(boolean footers, RamBlock... blocks) {
    return new ArchivePrologue(
        Optional.of(configuration("pc")), new byte[0], List.of(blocks), PAGE, 2, footers);
  }

  /// Writes pages one after the other, as one thread.
  static final class PageSink {
    private final ArchiveWriter writer;
    private final PageBlock block;
    private final PageBlockCompressor compressor;

    PageSink(ArchiveWriter writer) {
      this.writer = writer;
      this.block = writer.newPageBlock();
      this.compressor = writer.newCompressor();
    }

    void page(int ramBlock, long pageOffset, byte[] page) throws IOException {
      page(ramBlock, pageOffset, MemorySegment.ofArray(page), 0);
    }

    void page(int ramBlock, long pageOffset, MemorySegment window, long windowOffset)
        throws IOException {
      if (!block.page(ramBlock, pageOffset, window, windowOffset)) {
        flush();
        block.page(ramBlock, pageOffset, window, windowOffset);
      }
    }

    void zeroPage(int ramBlock, long pageOffset) throws IOException {
      if (!block.zeroPage(ramBlock, pageOffset)) {
        flush();
        block.zeroPage(ramBlock, pageOffset);
      }
    }

    void flush() throws IOException {
      if (!block.isEmpty()) {
        compressor.compress(block);
        writer.write(block);
        block.clear();
      }
    }
  }

  /// Puts pages into an archive.
  @FunctionalInterface
  interface Filler {
    void fill(PageSink sink) throws IOException;
  }

  static void write(
      CheckpointTarget target, ArchiveOptions options, ArchivePrologue prologue, Filler filler)
      throws IOException {
    try (ArchiveWriter writer = ArchiveWriter.begin(target, options, prologue)) {
      PageSink sink = new PageSink(writer);
      filler.fill(sink);
      sink.flush();
      writer.finish(DEVICES, MANIFEST);
    }
  }

  static byte[] write(ArchiveOptions options, ArchivePrologue prologue, Filler filler)
      throws IOException {
    MemoryTarget target = new MemoryTarget();
    write(target, options, prologue, filler);
    return target.toByteArray();
  }

  /// A page filled with bytes that LZ4 cannot shrink much, told apart by a seed.
  static byte[] randomPage(long seed) {
    byte[] page = new byte[PAGE];
    new java.util.Random(seed).nextBytes(page);
    return page;
  }

  /// A page that compresses well.
  static byte[] flatPage(int fill) {
    byte[] page = new byte[PAGE];
    java.util.Arrays.fill(page, (byte) fill);
    return page;
  }

  /// A small archive with a bit of everything: two RAM blocks, random, flat, zero, re-sent and
  /// missing pages.
  static byte[] small(ArchiveOptions options) throws IOException {
    RamBlock ram = new RamBlock(0, "pc.ram", 12L * PAGE);
    RamBlock rom = new RamBlock(1, "pc.rom", 4L * PAGE);
    return write(
        options,
        prologue(true, ram, rom),
        sink -> {
          sink.page(0, 0, randomPage(1));
          sink.page(0, PAGE, flatPage(2));
          sink.zeroPage(0, 2L * PAGE);
          sink.zeroPage(0, 3L * PAGE);
          sink.page(1, PAGE, flatPage(3));
          sink.flush();
          sink.page(0, 3L * PAGE, randomPage(4));
          sink.page(0, 4L * PAGE, flatPage(5));
          sink.zeroPage(0, 0);
          sink.zeroPage(1, 3L * PAGE);
        });
  }

  static List<ArchiveOptions> options() {
    List<ArchiveOptions> all = new ArrayList<>();
    for (Compression compression : Compression.values()) {
      ArchiveOptions one = ArchiveOptions.DEFAULT.withCompression(compression);
      all.add(one);
      all.add(one.withBlockContent(ArchiveOptions.BLOCK_256_KIB));
    }
    return all;
  }
}
