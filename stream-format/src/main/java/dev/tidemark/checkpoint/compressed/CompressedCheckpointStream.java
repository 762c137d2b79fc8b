// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.compressed;

import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.stream.StreamCheckpointStream;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamLimits;
import dev.tidemark.stream.ram.DeltaVisitor;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// A compressed migration stream read as a checkpoint, in one pass, from a file or a pipe.
///
/// Visiting the pages reads the compressed data to its end, so that its checksums are held. Every
/// [StreamException] has an offset in the compressed data; what is wrong inside it is told with
/// its own offset as well, in the message.
///
/// Device state, which is kept in memory, may take an eighth of the Java heap.
///
/// XBZRLE deltas come as to [StreamCheckpointStream].
public final class CompressedCheckpointStream implements CheckpointStream {
  /// Memory for pages of a mapped-ram stream, which in one pass come before they can be told.
  private static final long MAPPED_RAM_BYTES = 128L << 20;

  /// Device state may take this part of the heap; it is copied as it comes.
  private static final int PARTS_OF_HEAP = 8;

  /// What may stand behind the stream.
  private static final int MAX_BEHIND = 1 << 20;

  private static final byte[] QEVM = "QEVM".getBytes(StandardCharsets.US_ASCII);

  private final DecompressingChannel channel;
  private final StreamCheckpointStream stream;
  private long contents;

  private CompressedCheckpointStream(DecompressingChannel channel, StreamCheckpointStream stream) {
    this.channel = channel;
    this.stream = stream;
  }

  /// Reads compressed data, whose format is told by its first bytes, up to the stream's block list.
  ///
  /// @param settings how to read the stream
  /// @param channel in blocking mode; closed with the result
  /// @throws StreamException.Malformed if it is no compressed data, or holds no migration stream
  /// @throws IOException if it cannot be read; then `channel` is closed
  public static CompressedCheckpointStream open(
      MigrationStream settings, ReadableByteChannel channel) throws IOException {
    return open(settings, channel, 0);
  }

  /// Reads compressed data that does not start where its file does, up to the stream's block list.
  ///
  /// @param settings how to read the stream
  /// @param channel in blocking mode; closed with the result
  /// @param start where the channel's first byte stood in its file, 0 or more
  /// @throws StreamException.Malformed if it is no compressed data, or holds no migration stream
  /// @throws IOException if it cannot be read; then `channel` is closed
  public static CompressedCheckpointStream open(
      MigrationStream settings, ReadableByteChannel channel, long start) throws IOException {
    return open(settings, new CompressedInput(channel, start, _ -> {}));
  }

  static CompressedCheckpointStream open(MigrationStream settings, CompressedInput input)
      throws IOException {
    DecompressingChannel channel = null;
    try {
      Codec codec =
          Codec.of(input.peek(Codec.MAGIC_BYTES))
              .orElseThrow(
                  () ->
                      new StreamException.Malformed(
                          "no compressed data that is known", input.position(), "file type"));
      channel = new DecompressingChannel(codec, input);
      if (!channel.startsWith(QEVM)) {
        throw new StreamException.Malformed(
            codec + " data that holds no migration stream", input.position(), codec + " data");
      }
      return new CompressedCheckpointStream(
          channel, StreamCheckpointStream.open(bounded(settings), channel));
    } catch (IOException | RuntimeException | Error e) {
      try (input) {
        if (channel != null) {
          channel.close();
        }
      }
      if (channel != null && e instanceof StreamException within) {
        throw located(within, channel);
      }
      throw e;
    }
  }

  /// A few bytes may hold a large stream: what is kept of one in memory has to fit into the heap.
  private static MigrationStream bounded(MigrationStream settings) {
    StreamLimits limits = settings.limits();
    int most = (int) Math.min(1 << 30, Runtime.getRuntime().maxMemory() / PARTS_OF_HEAP);
    return settings.withLimits(
        limits
            .withPipedRamBytes(Math.min(MAPPED_RAM_BYTES, limits.pipedRamBytes()))
            .withDeviceState(
                Math.min(most, limits.deviceStateBytes()), Math.min(most, limits.vmdescBytes()))
            .withIterableBytes(Math.min(most, limits.iterableBytes()))
            .withPackageBytes(Math.min(most, limits.packageBytes())));
  }

  /// An exception about the stream inside, with the place in the compressed data.
  private static StreamException located(StreamException e, DecompressingChannel channel) {
    if (e == channel.failure() || e.getMessage() == null) {
      return e;
    }
    String context = channel.codec() + " data";
    if (e.context().equals(context)) {
      return e;
    }
    String what = "inside, " + e.getMessage();
    long at = channel.input().position();
    StreamException located =
        switch (e) {
          case StreamException.Truncated _ -> new StreamException.Truncated(what, at, context);
          case StreamException.Malformed _ -> new StreamException.Malformed(what, at, context);
          case StreamException.Unsupported _ -> new StreamException.Unsupported(what, at, context);
          case StreamException.LimitExceeded _ ->
              new StreamException.LimitExceeded(what, at, context);
        };
    located.initCause(e);
    return located;
  }

  /// The format of the compressed data.
  public Codec codec() {
    return channel.codec();
  }

  @Override
  public MachineConfiguration configuration() {
    return stream.configuration();
  }

  @Override
  public List<RamBlock> ramBlocks() {
    return stream.ramBlocks();
  }

  @Override
  public int targetPageSize() {
    return stream.targetPageSize();
  }

  @Override
  public boolean eachPageOnce() {
    return stream.eachPageOnce();
  }

  @Override
  public boolean footers() {
    return stream.footers();
  }

  @Override
  public byte[] earlySections() {
    return stream.earlySections();
  }

  @Override
  public void forEachPage(PageVisitor visitor) throws IOException {
    try {
      stream.forEachPage(
          visitor instanceof DeltaVisitor deltas
              ? new CountedDeltas(deltas)
              : new Counted(visitor));
    } catch (StreamException e) {
      throw located(e, channel);
    }
    readToEnd();
  }

  private void readToEnd() throws IOException {
    ByteBuffer behind = ByteBuffer.allocate(MAX_BEHIND + 1);
    while (channel.read(behind) >= 0) {
      if (!behind.hasRemaining()) {
        throw new StreamException.Malformed(
            "more than " + MAX_BEHIND + " bytes behind the migration stream",
            channel.input().position(),
            codec() + " data");
      }
    }
  }

  /// Pages with content that have been visited.
  long contents() {
    return contents;
  }

  @Override
  public DeviceState deviceState() {
    return stream.deviceState();
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }

  private class Counted implements PageVisitor {
    private final PageVisitor visitor;

    Counted(PageVisitor visitor) {
      this.visitor = visitor;
    }

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset)
        throws IOException {
      contents++;
      visitor.page(block, pageOffset, window, windowOffset);
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) throws IOException {
      visitor.zeroPage(block, pageOffset);
    }
  }

  private final class CountedDeltas extends Counted implements DeltaVisitor {
    private final DeltaVisitor deltas;

    CountedDeltas(DeltaVisitor deltas) {
      super(deltas);
      this.deltas = deltas;
    }

    @Override
    public void xbzrlePage(
        RamBlock block, long pageOffset, MemorySegment window, long windowOffset, int length)
        throws IOException {
      contents++;
      deltas.xbzrlePage(block, pageOffset, window, windowOffset, length);
    }
  }
}
