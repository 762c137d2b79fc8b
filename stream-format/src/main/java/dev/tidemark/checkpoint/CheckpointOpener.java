// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.tidemark.checkpoint.archive.ArchiveCheckpoint;
import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Recognises the format of a checkpoint by content and opens it.
final class CheckpointOpener {
  private static final String CONTEXT = "file type";

  private static final byte[] STREAM_START = "QEVM".getBytes(US_ASCII);

  private CheckpointOpener() {}

  static Checkpoint open(ByteSource source) throws IOException {
    return switch (recognise(source)) {
      case ARCHIVE -> ArchiveCheckpoint.open(source);
      case STREAM -> StreamCheckpoint.open(source);
    };
  }

  static CheckpointFormat recognise(ByteSource source) throws IOException {
    byte[] archiveStart = ArchiveCheckpoint.fileStart();
    byte[] start = new byte[archiveStart.length];
    int length = source.read(0, MemorySegment.ofArray(start));
    start = Arrays.copyOf(start, length);
    if (length == 0) {
      throw new StreamException.Truncated("empty file", 0, CONTEXT);
    }
    if (startsWith(start, archiveStart)) {
      return CheckpointFormat.ARCHIVE;
    }
    if (startsWith(start, STREAM_START)) {
      return CheckpointFormat.STREAM;
    }
    if (startsWith(archiveStart, start) || startsWith(STREAM_START, start)) {
      throw new StreamException.Truncated("file ends in its first bytes", length, CONTEXT);
    }
    throw new StreamException.Malformed("not a checkpoint that Tidemark can read", 0, CONTEXT);
  }

  private static boolean startsWith(byte[] bytes, byte[] prefix) {
    return bytes.length >= prefix.length
        && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
  }
}
