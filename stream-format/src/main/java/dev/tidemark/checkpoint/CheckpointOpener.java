// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.tidemark.checkpoint.archive.ArchiveCheckpoint;
import dev.tidemark.checkpoint.compressed.CompressedCheckpoint;
import dev.tidemark.checkpoint.libvirt.LibvirtCheckpoint;
import dev.tidemark.checkpoint.mappedram.MappedRamCheckpoint;
import dev.tidemark.checkpoint.qcow2.Qcow2Checkpoint;
import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.TargetPageSize;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/// Recognises the format of a checkpoint by content and opens it.
final class CheckpointOpener {
  private static final String CONTEXT = "file type";

  private static final MigrationStream SETTINGS = MigrationStream.of(TargetPageSize.detect());

  /// How files begin; where one beginning is that of another, the longer one comes first.
  private static final List<Beginning> BEGINNINGS = new ArrayList<>();

  private record Beginning(byte[] bytes, CheckpointFormat format) {}

  static {
    begins(ArchiveCheckpoint.fileStart(), CheckpointFormat.ARCHIVE);
    begins("LibvirtQemudSave".getBytes(US_ASCII), CheckpointFormat.LIBVIRT);
    begins("LibvirtQemudPart".getBytes(US_ASCII), CheckpointFormat.LIBVIRT);
    begins(hex("514649fb"), CheckpointFormat.QCOW2);
    begins("QEVM".getBytes(US_ASCII), CheckpointFormat.STREAM);
    // gzip, bzip2, xz, lzop, zstd, LZ4
    begins(hex("1f8b08"), CheckpointFormat.COMPRESSED_STREAM);
    begins(hex("425a68"), CheckpointFormat.COMPRESSED_STREAM);
    begins(hex("fd377a585a00"), CheckpointFormat.COMPRESSED_STREAM);
    begins(hex("894c5a4f000d0a1a0a"), CheckpointFormat.COMPRESSED_STREAM);
    begins(hex("28b52ffd"), CheckpointFormat.COMPRESSED_STREAM);
    begins(hex("04224d18"), CheckpointFormat.COMPRESSED_STREAM);
  }

  private CheckpointOpener() {}

  private static void begins(byte[] bytes, CheckpointFormat format) {
    BEGINNINGS.add(new Beginning(bytes, format));
  }

  private static byte[] hex(String digits) {
    return HexFormat.of().parseHex(digits);
  }

  static Checkpoint open(ByteSource source, OpenOptions options) throws IOException {
    CheckpointFormat format = recognise(source);
    if (options.snapshot().isPresent() && format != CheckpointFormat.QCOW2) {
      throw new StreamException.Unsupported("snapshot in a file that can hold none", 0, CONTEXT);
    }
    return switch (format) {
      case ARCHIVE -> ArchiveCheckpoint.open(source);
      case STREAM -> StreamCheckpoint.open(SETTINGS, source, 0, options);
      case MAPPED_RAM -> MappedRamCheckpoint.open(source);
      case QCOW2 -> Qcow2Checkpoint.open(source, options);
      case COMPRESSED_STREAM -> CompressedCheckpoint.open(source, options);
      case LIBVIRT -> LibvirtCheckpoint.open(source, options);
    };
  }

  static CheckpointFormat recognise(ByteSource source) throws IOException {
    byte[] start = new byte[BEGINNINGS.stream().mapToInt(b -> b.bytes().length).max().orElse(0)];
    int length = source.read(0, MemorySegment.ofArray(start));
    start = Arrays.copyOf(start, length);
    if (length == 0) {
      throw new StreamException.Truncated("empty file", 0, CONTEXT);
    }
    boolean cut = false;
    for (Beginning beginning : BEGINNINGS) {
      if (startsWith(start, beginning.bytes())) {
        CheckpointFormat format = beginning.format();
        return format == CheckpointFormat.STREAM && MappedRamCheckpoint.isMappedRam(source, 0)
            ? CheckpointFormat.MAPPED_RAM
            : format;
      }
      cut |= startsWith(beginning.bytes(), start);
    }
    if (cut) {
      throw new StreamException.Truncated("file ends in its first bytes", length, CONTEXT);
    }
    throw new StreamException.Malformed("not a checkpoint that Tidemark can read", 0, CONTEXT);
  }

  private static boolean startsWith(byte[] bytes, byte[] prefix) {
    return bytes.length >= prefix.length
        && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
  }
}
