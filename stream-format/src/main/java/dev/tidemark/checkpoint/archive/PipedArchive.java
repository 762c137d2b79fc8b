// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.compressed.CompressedCheckpointStream;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.TargetPageSize;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/// An archive that comes through a pipe: its body is read in one pass, held to the checksums of its
/// blocks. What stands behind the body is passed over: page index, manifest, digests.
public final class PipedArchive {
  private PipedArchive() {}

  /// Reads an archive up to the block list of the stream within.
  ///
  /// @param channel in blocking mode, at the start of the archive; closed with the result
  /// @return a page may come more than once, as it is stored; offsets in exceptions are those in
  ///     the archive
  /// @throws StreamException if it is no archive, or a damaged one
  /// @throws IOException if it cannot be read; then `channel` is closed
  public static CheckpointStream open(ReadableByteChannel channel) throws IOException {
    ArchiveHeader header;
    try {
      header = ArchiveHeader.of(start(channel));
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
      throw e;
    }
    return CompressedCheckpointStream.open(
        MigrationStream.of(TargetPageSize.of(header.targetPageSize())),
        channel,
        HeaderDescriptor.SIZE);
  }

  private static byte[] start(ReadableByteChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(HeaderDescriptor.SIZE);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes) < 0) {
        throw new StreamException.Truncated(
            "file ends in its header", bytes.position(), "archive header");
      }
    }
    return bytes.array();
  }
}
