// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointInput;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.CheckpointTarget;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.RandomAccessTarget;
import dev.tidemark.checkpoint.WriteBehind;
import dev.tidemark.checkpoint.archive.ArchiveConversion;
import dev.tidemark.checkpoint.archive.ArchiveOptions;
import dev.tidemark.checkpoint.archive.Compression;
import dev.tidemark.checkpoint.compressed.Codec;
import dev.tidemark.checkpoint.compressed.CompressingChannel;
import dev.tidemark.checkpoint.elfcore.ElfCoreWriter;
import dev.tidemark.checkpoint.libvirt.LibvirtFormat;
import dev.tidemark.checkpoint.libvirt.LibvirtHeader;
import dev.tidemark.checkpoint.libvirt.LibvirtWriter;
import dev.tidemark.checkpoint.mappedram.MappedRamWriter;
import dev.tidemark.checkpoint.memory.MemoryMap;
import dev.tidemark.checkpoint.raw.RawWriter;
import dev.tidemark.checkpoint.stream.CheckpointStreamWriter;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.tools.report.UsageException;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Writes a checkpoint in one of the forms.
///
/// @param form what is written
/// @param compression one of the form's
/// @param xml the domain's XML for a libvirt save image; absent: that of the input
/// @param progress told how far it is, in bytes of RAM
record ConvertOutput(
    ConvertForm form, String compression, Optional<String> xml, Progress progress) {

  /// Writes a form that goes front to back.
  void write(CheckpointInput in, CheckpointTarget out) throws IOException, UsageException {
    switch (form) {
      case STREAM -> stream(in.stream(), out);
      case ARCHIVE ->
          ArchiveConversion.write(
              in.stream(),
              out,
              in.manifest(),
              ArchiveOptions.DEFAULT.withCompression(
                  Compression.valueOf(compression.toUpperCase(Locale.ROOT))),
              progress);
      case LIBVIRT -> LibvirtWriter.write(in.stream(), out, libvirt(in));
      case MAPPED_RAM, ELF, RAW ->
          throw new UsageException(
              form.wireName() + " is not written front to back: name a file instead of '-'");
    }
  }

  /// Writes any form.
  ///
  /// @param map where RAM blocks stand, for the forms that need it
  /// @return what the user should know, a sentence each
  List<String> writeFile(CheckpointInput in, MemoryMapMixin map, RandomAccessTarget out)
      throws IOException, UsageException {
    return switch (form) {
      case MAPPED_RAM -> {
        MappedRamWriter.write(
            in.stream(), out, MappedRamWriter.Options.DEFAULT.withProgress(progress));
        yield List.of();
      }
      case ELF -> {
        Checkpoint checkpoint = in.checkpoint();
        yield ElfCoreWriter.write(
                checkpoint, map.of(checkpoint), out, new ElfCoreWriter.Options(progress))
            .warnings();
      }
      case RAW -> {
        Checkpoint checkpoint = in.checkpoint();
        MemoryMap places = map.of(checkpoint);
        RawWriter.physical(checkpoint, places, out, progress);
        yield places.unplaced().stream()
            .map(block -> "RAM block \"" + block.idstr() + "\" is missing: its place is not known")
            .toList();
      }
      case STREAM, ARCHIVE, LIBVIRT -> {
        write(in, out);
        yield List.of();
      }
    };
  }

  private void stream(CheckpointStream in, CheckpointTarget out) throws IOException {
    long ram = in.ramBlocks().stream().mapToLong(RamBlock::usedLength).sum();
    CheckpointStreamWriter.Options options =
        CheckpointStreamWriter.Options.DEFAULT.withProgress(
            done -> progress.advanced(Math.min(done, ram), ram));
    if (compression.equals("none")) {
      try (WriteBehind behind = WriteBehind.appending(out)) {
        CheckpointStreamWriter.write(in, behind.channel(), options);
        behind.finish();
      }
      return;
    }
    Codec codec = Codec.valueOf(compression.toUpperCase(Locale.ROOT));
    try (CompressingChannel compressed = codec.compress(out.channel())) {
      CheckpointStreamWriter.write(in, compressed, options);
      compressed.finish();
    }
  }

  private LibvirtWriter.Options libvirt(CheckpointInput in) throws UsageException {
    LibvirtFormat format =
        compression.equals("none")
            ? LibvirtFormat.RAW
            : LibvirtFormat.valueOf(compression.toUpperCase(Locale.ROOT));
    Optional<LibvirtHeader> header = in.libvirtHeader();
    if (xml.isEmpty() && header.isEmpty()) {
      throw new UsageException(
          "a libvirt save image holds the domain's XML, and the input has none: give it with --xml"
              + " (virsh dumpxml --migratable DOMAIN)");
    }
    LibvirtWriter.Options options =
        header
            .filter(_ -> xml.isEmpty())
            .map(h -> LibvirtWriter.Options.of(format, h))
            .orElseGet(() -> LibvirtWriter.Options.of(format, xml.orElseThrow()));
    return options.withProgress(progress);
  }
}
