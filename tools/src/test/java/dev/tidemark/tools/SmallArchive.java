// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.archive.ArchiveOptions;
import dev.tidemark.checkpoint.archive.ArchivePrologue;
import dev.tidemark.checkpoint.archive.ArchiveWriter;
import dev.tidemark.checkpoint.archive.PageBlock;
import dev.tidemark.checkpoint.archive.PageBlockCompressor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// An archive of a VM with two small RAM blocks, made without QEMU.
public final class SmallArchive {
  static final int PAGE = 4096;

  private static final String VMDESC =
      "{\"page_size\": 4096, \"devices\": [{\"name\": \"timer\", \"instance_id\": 0,"
          + " \"vmsd_name\": \"timer\", \"version\": 2, \"fields\": [{\"name\": \"ticks\","
          + " \"type\": \"int64\", \"size\": 8}]}]}";

  private SmallArchive() {}

  static Manifest manifest() {
    return new Manifest(
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
        Optional.of(
            new Manifest.CommandLine(
                "/usr/bin/qemu-system-x86_64",
                List.of("-m", "64", "-name", "a guest"),
                "/srv",
                List.of())),
        List.of(new Manifest.Disk("ide0-hd0", "/srv/disk.qcow2", "qcow2", true)),
        new Manifest.Timing(
            Optional.of(Duration.ofNanos(8_400_000)), Duration.ofMillis(253), 7, 1));
  }

  public static Path write(Path file) throws IOException {
    return write(file, "pc.ram");
  }

  /// The same with another name for the first RAM block.
  public static Path write(Path file, String firstBlock) throws IOException {
    byte[] name = "pc-i440fx-10.0".getBytes(StandardCharsets.US_ASCII);
    byte[] configuration =
        ByteBuffer.allocate(4 + name.length).putInt(name.length).put(name).array();
    ArchivePrologue prologue =
        new ArchivePrologue(
            Optional.of(configuration),
            new byte[0],
            List.of(new RamBlock(0, firstBlock, 8L * PAGE), new RamBlock(1, "pc.rom", 2L * PAGE)),
            PAGE,
            2,
            true);
    try (FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT);
        ArchiveWriter writer = ArchiveWriter.begin(target, ArchiveOptions.DEFAULT, prologue)) {
      PageBlock block = writer.newPageBlock();
      for (int i = 0; i < 3; i++) {
        block.page(0, (long) i * PAGE, MemorySegment.ofArray(page(i + 1)), 0);
      }
      block.zeroPage(0, 3L * PAGE);
      block.zeroPage(0, 4L * PAGE);
      flush(writer, block);
      block.page(1, 0, MemorySegment.ofArray(page(9)), 0);
      flush(writer, block);
      block.page(0, PAGE, MemorySegment.ofArray(page(7)), 0);
      flush(writer, block);
      writer.finish(new DeviceState(timer(), Optional.of(VMDESC)), manifest());
      target.commit();
    }
    return file;
  }

  private static void flush(ArchiveWriter writer, PageBlock block) throws IOException {
    PageBlockCompressor compressor = writer.newCompressor();
    compressor.compress(block);
    writer.write(block);
    block.clear();
  }

  private static byte[] page(int fill) {
    byte[] page = new byte[PAGE];
    Arrays.fill(page, (byte) fill);
    return page;
  }

  /// A FULL section: id 7, "timer", instance 0, version 2, eight bytes, footer.
  private static byte[] timer() {
    byte[] name = "timer".getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(1 + 4 + 1 + name.length + 8 + 8 + 5)
        .put((byte) 4)
        .putInt(7)
        .put((byte) name.length)
        .put(name)
        .putInt(0)
        .putInt(2)
        .putLong(17)
        .put((byte) 0x7e)
        .putInt(7)
        .array();
  }
}
