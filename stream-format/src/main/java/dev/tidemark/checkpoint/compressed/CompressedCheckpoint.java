// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.compressed;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.OpenOptions;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.checkpoint.PageSpool;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// Opens a compressed migration stream with random access: it is decompressed once, and its pages
/// are kept in a [PageSpool] meanwhile.
public final class CompressedCheckpoint {
  /// Enough for any vmdesc, which is at the end.
  private static final int END = 4 << 20;

  private CompressedCheckpoint() {}

  /// Opens a file that is a compressed migration stream.
  ///
  /// @param source closed when this returns, since nothing more is read from it; left open if this
  ///     throws
  /// @param options where pages are kept, who is told of the compressed bytes read
  /// @throws IOException if it cannot be read, or its pages cannot be kept
  public static Checkpoint open(ByteSource source, OpenOptions options) throws IOException {
    Checkpoint checkpoint = open(source, 0, CheckpointFormat.COMPRESSED_STREAM, options);
    try {
      source.close();
    } catch (IOException | RuntimeException | Error e) {
      checkpoint.close();
      throw e;
    }
    return checkpoint;
  }

  /// Opens a compressed migration stream that reaches from somewhere in a file to its end.
  ///
  /// @param source left open
  /// @param start where the compressed data starts, in bytes, 0 or more
  /// @param format what the result says that it was read from
  /// @param options where pages are kept, who is told of the compressed bytes read
  /// @throws IOException if it cannot be read, or its pages cannot be kept
  public static Checkpoint open(
      ByteSource source, long start, CheckpointFormat format, OpenOptions options)
      throws IOException {
    MigrationStream settings = MigrationStream.of(TargetPageSize.detect());
    try {
      return spooled(settings, source, start, format, options);
    } catch (StreamException.Unsupported e) {
      if (!needsLayout(e)) {
        throw e;
      }
      return spooled(settings.withLayoutAtEnd(end(source, start)), source, start, format, options);
    }
  }

  /// Whether there is a device before RAM, whose layout stands at the end of the stream.
  private static boolean needsLayout(StreamException e) {
    return e.getCause() instanceof StreamException inside
        && inside.context().equals("early device section");
  }

  /// The last bytes of the stream, for which all of it is decompressed.
  private static ByteSource end(ByteSource source, long start) throws IOException {
    byte[] last = new byte[2 * END];
    ByteBuffer buffer = ByteBuffer.wrap(last);
    CompressedInput input = new CompressedInput(new SourceChannel(source, start), start, _ -> {});
    Codec codec = Codec.of(input.peek(Codec.MAGIC_BYTES)).orElseThrow();
    try (DecompressingChannel channel = new DecompressingChannel(codec, input)) {
      while (channel.read(buffer) >= 0) {
        if (!buffer.hasRemaining()) {
          System.arraycopy(last, END, last, 0, END);
          buffer.position(END);
        }
      }
    }
    return ByteSource.of(MemorySegment.ofArray(last).asSlice(0, buffer.position()));
  }

  private static Checkpoint spooled(
      MigrationStream settings,
      ByteSource source,
      long start,
      CheckpointFormat format,
      OpenOptions options)
      throws IOException {
    long size = source.size();
    CompressedInput input =
        new CompressedInput(
            new SourceChannel(source, start),
            start,
            done -> options.progress().advanced(done, size));
    try (CompressedCheckpointStream in = CompressedCheckpointStream.open(settings, input)) {
      Checkpoint checkpoint = PageSpool.checkpoint(in, format, options.spoolFolder());
      try {
        if (in.contents() == 0) {
          checkNoneMissing(checkpoint, size);
        }
        return checkpoint;
      } catch (IOException | RuntimeException | Error e) {
        checkpoint.close();
        throw e;
      }
    }
  }

  /// A real VM has firmware at least.
  private static void checkNoneMissing(Checkpoint checkpoint, long size) throws IOException {
    for (RamBlock block : checkpoint.ramBlocks()) {
      for (long at = 0; at < block.usedLength(); at += checkpoint.targetPageSize()) {
        if (checkpoint.pageKind(block, at) == PageKind.MISSING) {
          throw new StreamException.Unsupported(
              "no page has content: they are in the multifd channels, which are files of their own",
              size,
              "checkpoint");
        }
      }
    }
  }
}
