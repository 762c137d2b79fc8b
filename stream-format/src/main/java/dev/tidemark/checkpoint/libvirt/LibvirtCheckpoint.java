// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.libvirt;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.OpenOptions;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.checkpoint.compressed.Codec;
import dev.tidemark.checkpoint.compressed.CompressedCheckpoint;
import dev.tidemark.checkpoint.mappedram.MappedRamCheckpoint;
import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// A libvirt save image with random access.
///
/// How the stream is stored is told by its first bytes; where the header says something else,
/// [#disagreement] says so. A compressed one is decompressed when it is opened, and its pages are
/// kept in a [dev.tidemark.checkpoint.PageSpool] meanwhile.
///
/// Offsets of exceptions about a stream that is not compressed count from its own start, behind
/// header and XML.
///
/// May be used by several threads at once.
public final class LibvirtCheckpoint implements Checkpoint {
  /// Enough to recognise any of the formats.
  static final int MAGIC_BYTES = 16;

  private final LibvirtHeader header;
  private final LibvirtFormat content;
  private final Checkpoint within;

  private LibvirtCheckpoint(LibvirtHeader header, LibvirtFormat content, Checkpoint within) {
    this.header = header;
    this.content = content;
    this.within = within;
  }

  /// Opens an image.
  ///
  /// @param source closed with the checkpoint; left open if this throws, but where the stream
  ///     stands as it is
  /// @param options where pages are kept that cannot be read where they are, who is told of
  ///     compressed bytes read
  /// @throws dev.tidemark.stream.StreamException if it is no image, or a damaged one
  /// @throws IOException if it cannot be read, or its pages cannot be kept
  public static LibvirtCheckpoint open(ByteSource source, OpenOptions options) throws IOException {
    LibvirtHeader header = LibvirtHeader.read(source);
    long start = header.streamStart();
    byte[] magic = new byte[MAGIC_BYTES];
    int got = source.read(start, MemorySegment.ofArray(magic));
    Optional<Codec> codec = Codec.of(Arrays.copyOf(magic, got));
    if (codec.isPresent()) {
      LibvirtFormat content = compressed(codec.get(), start);
      Checkpoint spooled =
          CompressedCheckpoint.open(source, start, CheckpointFormat.LIBVIRT, options);
      try {
        source.close();
      } catch (IOException | RuntimeException | Error e) {
        spooled.close();
        throw e;
      }
      return new LibvirtCheckpoint(header, content, spooled);
    }
    if (MappedRamCheckpoint.isMappedRam(source, start)) {
      return new LibvirtCheckpoint(
          header, LibvirtFormat.SPARSE, MappedRamCheckpoint.open(source, start));
    }
    MigrationStream settings = MigrationStream.of(TargetPageSize.detect());
    return new LibvirtCheckpoint(
        header, LibvirtFormat.RAW, StreamCheckpoint.open(settings, source, start, options));
  }

  static LibvirtFormat compressed(Codec codec, long start) throws StreamException {
    return LibvirtFormat.of(codec)
        .orElseThrow(
            () ->
                new StreamException.Malformed(
                    codec + " data, which libvirt does not write", start, "libvirt save image"));
  }

  /// What stands before the stream.
  public LibvirtHeader header() {
    return header;
  }

  /// How the stream is stored, as its bytes tell.
  public LibvirtFormat content() {
    return content;
  }

  /// What the header says otherwise than the stream's bytes, in a sentence; `virsh restore` goes by
  /// the header and fails. Absent if they agree.
  public Optional<String> disagreement() {
    return header.format().equals(Optional.of(content))
        ? Optional.empty()
        : Optional.of(
            "the header says that the stream is "
                + header.format().map(LibvirtFormat::toString).orElse("of an unknown format")
                + " ("
                + header.formatNumber()
                + "), but it is "
                + content);
  }

  @Override
  public CheckpointFormat format() {
    return CheckpointFormat.LIBVIRT;
  }

  @Override
  public MachineConfiguration configuration() {
    return within.configuration();
  }

  @Override
  public List<RamBlock> ramBlocks() {
    return within.ramBlocks();
  }

  @Override
  public int targetPageSize() {
    return within.targetPageSize();
  }

  @Override
  public PageKind pageKind(RamBlock block, long pageOffset) throws IOException {
    return within.pageKind(block, pageOffset);
  }

  @Override
  public PageKind readPage(RamBlock block, long pageOffset, MemorySegment target)
      throws IOException {
    return within.readPage(block, pageOffset, target);
  }

  @Override
  public DeviceState deviceState() throws IOException {
    return within.deviceState();
  }

  @Override
  public Optional<Manifest> manifest() {
    return Optional.empty();
  }

  @Override
  public CheckpointStream stream() throws IOException {
    return within.stream();
  }

  @Override
  public void close() throws IOException {
    within.close();
  }
}
