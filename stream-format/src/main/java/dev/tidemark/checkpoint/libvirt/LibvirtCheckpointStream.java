// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.libvirt;

import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.compressed.Codec;
import dev.tidemark.checkpoint.compressed.CompressedCheckpointStream;
import dev.tidemark.checkpoint.stream.StreamCheckpointStream;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;
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
      Begun begun = new Begun(channel);
      Optional<Codec> codec = Codec.of(begun.magic());
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

  /// A channel whose first bytes have been looked at.
  private static final class Begun implements ReadableByteChannel {
    private final ReadableByteChannel channel;
    private final ByteBuffer first = ByteBuffer.allocate(LibvirtCheckpoint.MAGIC_BYTES);

    Begun(ReadableByteChannel channel) throws IOException {
      this.channel = channel;
      while (first.hasRemaining() && channel.read(first) > 0) {
        // Until there are enough, or no more.
      }
      first.flip();
    }

    byte[] magic() {
      return Arrays.copyOf(first.array(), first.limit());
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
      if (!first.hasRemaining()) {
        return channel.read(target);
      }
      int count = Math.min(first.remaining(), target.remaining());
      target.put(first.slice(first.position(), count));
      first.position(first.position() + count);
      return count;
    }

    @Override
    public boolean isOpen() {
      return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
      channel.close();
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
