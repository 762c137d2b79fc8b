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

/// Opens a compressed migration stream with random access: it is decompressed once, and its pages
/// are kept in a [PageSpool] meanwhile.
public final class CompressedCheckpoint {
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
    long size = source.size();
    CompressedInput input =
        new CompressedInput(
            new SourceChannel(source, start),
            start,
            done -> options.progress().advanced(done, size));
    MigrationStream settings = MigrationStream.of(TargetPageSize.detect());
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
