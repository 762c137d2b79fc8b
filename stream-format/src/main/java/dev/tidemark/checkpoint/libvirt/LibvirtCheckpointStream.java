// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.libvirt;

import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.PeekedChannel;
import dev.tidemark.checkpoint.compressed.Codec;
import dev.tidemark.checkpoint.compressed.CompressedCheckpointStream;
import dev.tidemark.checkpoint.stream.StreamCheckpointStream;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.util.List;
import java.util.Optional;

/// A libvirt save image read in one pass, from a pipe.
///
/// Of a `sparse` image the pages are kept in memory until the block list has come, up to
/// [dev.tidemark.stream.StreamLimits#pipedRamBytes]; a file has no such limit.
public final class LibvirtCheckpointStream implements CheckpointStream {
  private final LibvirtHeader header;
  private final CheckpointStream within;

  private LibvirtCheckpointStream(LibvirtHeader header, CheckpointStream within) {
    this.header = header;
    this.within = within;
  }

  /// Reads an image up to its block list.
  ///
  /// @param settings how to read the stream
  /// @param channel in blocking mode, at the start of the image; closed with the result
  /// @throws dev.tidemark.stream.StreamException if it is no image, or a damaged one
  /// @throws IOException if it cannot be read; then `channel` is closed
  public static LibvirtCheckpointStream open(MigrationStream settings, ReadableByteChannel channel)
      throws IOException {
    try {
      LibvirtHeader header = LibvirtHeader.read(channel);
      PeekedChannel begun = PeekedChannel.of(channel, LibvirtCheckpoint.MAGIC_BYTES);
      Optional<Codec> codec = Codec.of(begun.peeked());
      long start = header.streamStart();
      if (codec.isPresent()) {
        LibvirtCheckpoint.compressed(codec.get(), start);
        return new LibvirtCheckpointStream(
            header, CompressedCheckpointStream.open(settings, begun, start));
      }
      return new LibvirtCheckpointStream(
          header, StreamCheckpointStream.open(settings, begun, start));
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
      throw e;
    }
  }

  /// What stands before the stream.
  public LibvirtHeader header() {
    return header;
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
  public boolean eachPageOnce() {
    return within.eachPageOnce();
  }

  @Override
  public boolean footers() {
    return within.footers();
  }

  @Override
  public byte[] earlySections() throws IOException {
    return within.earlySections();
  }

  @Override
  public void forEachPage(PageVisitor visitor) throws IOException {
    within.forEachPage(visitor);
  }

  @Override
  public DeviceState deviceState() throws IOException {
    return within.deviceState();
  }

  @Override
  public void close() throws IOException {
    within.close();
  }
}
