// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import dev.tidemark.checkpoint.archive.PipedArchive;
import dev.tidemark.checkpoint.compressed.CompressedCheckpointStream;
import dev.tidemark.checkpoint.libvirt.LibvirtCheckpointStream;
import dev.tidemark.checkpoint.libvirt.LibvirtFormat;
import dev.tidemark.checkpoint.libvirt.LibvirtHeader;
import dev.tidemark.checkpoint.stream.StreamCheckpointStream;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.TargetPageSize;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;

/// The first bytes of a checkpoint that comes through a pipe, by which its format is known.
///
/// @param channel all of it, the first bytes included
/// @param format what it is
record PipedStart(PeekedChannel channel, CheckpointFormat format) {
  /// Enough for the header of every format, and for the capabilities of a stream.
  private static final int PEEKED = 1 << 14;

  private static final MigrationStream SETTINGS = MigrationStream.of(TargetPageSize.detect());

  /// Looks at what comes.
  static PipedStart of(ReadableByteChannel pipe) throws IOException {
    PeekedChannel channel = PeekedChannel.of(pipe, PEEKED);
    return new PipedStart(channel, CheckpointFormat.of(start(channel)));
  }

  private static ByteSource start(PeekedChannel channel) {
    return ByteSource.of(channel.peeked());
  }

  /// The checkpoint, read in one pass; absent where it has to be read at random.
  Optional<CheckpointStream> stream() throws IOException {
    return switch (format) {
      case STREAM -> Optional.of(StreamCheckpointStream.open(SETTINGS, channel));
      case COMPRESSED_STREAM -> Optional.of(CompressedCheckpointStream.open(SETTINGS, channel));
      case ARCHIVE -> Optional.of(PipedArchive.open(channel));
      case LIBVIRT ->
          isSparse()
              ? Optional.empty()
              : Optional.of(LibvirtCheckpointStream.open(SETTINGS, channel));
      case MAPPED_RAM, QCOW2 -> Optional.empty();
    };
  }

  /// As its header says: XML and cookie can be longer than what was looked at.
  private boolean isSparse() throws IOException {
    return LibvirtHeader.formatOf(start(channel)).equals(Optional.of(LibvirtFormat.SPARSE));
  }
}
