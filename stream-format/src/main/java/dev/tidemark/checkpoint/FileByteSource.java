// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A file, read by position.
///
/// The file is not mapped: one that is cut while it is read ends early instead of faulting.
/// May be used by several threads at once; a thread interrupted while it reads closes the file.
public final class FileByteSource implements ByteSource {
  /// Most bytes in one system call.
  private static final int MAX_READ = 1 << 30;

  private final FileChannel channel;
  private final long size;

  private FileByteSource(FileChannel channel, long size) {
    this.channel = channel;
    this.size = size;
  }

  /// Opens a file.
  ///
  /// @param file the file; its size is taken now
  /// @throws IOException if it cannot be opened
  public static FileByteSource open(Path file) throws IOException {
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      return new FileByteSource(channel, channel.size());
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long position, MemorySegment target) throws IOException {
    if (position < 0) {
      throw new IllegalArgumentException("negative position " + position);
    }
    int wanted = (int) Math.min(target.byteSize(), MAX_READ);
    wanted = (int) Math.min(wanted, Math.max(0, size - position));
    ByteBuffer buffer = target.asSlice(0, wanted).asByteBuffer();
    while (buffer.hasRemaining()) {
      int n = channel.read(buffer, position + buffer.position());
      if (n < 0) {
        break;
      }
    }
    return buffer.position();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
