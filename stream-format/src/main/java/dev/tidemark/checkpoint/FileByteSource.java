// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// A file, read by position.
///
/// The file is not mapped (that is [MappedByteSource]): one that is cut while it is read ends early
/// instead of faulting.
/// May be used by several threads at once; a thread interrupted while it reads closes the file.
public final class FileByteSource implements ByteSource {
  /// Most bytes in one system call.
  private static final int MAX_READ = 1 << 30;

  private static final int PIECE = 1 << 20;

  private final FileChannel channel;
  private final long size;
  private final @Nullable FileHoles holes;

  private FileByteSource(FileChannel channel, long size, @Nullable FileHoles holes) {
    this.channel = channel;
    this.size = size;
    this.holes = holes;
  }

  /// Opens a file.
  ///
  /// @param file the file; its size is taken now
  /// @throws IOException if it cannot be opened
  public static FileByteSource open(Path file) throws IOException {
    return open(file, null);
  }

  /// See [ByteSource#sparse].
  static FileByteSource sparse(Path file) throws IOException {
    FileHoles holes = FileHoles.open(file);
    if (holes == null) {
      return open(file);
    }
    try {
      return open(holes.sameFile(), holes);
    } catch (IOException | RuntimeException e) {
      holes.close();
      throw e;
    }
  }

  private static FileByteSource open(Path file, @Nullable FileHoles holes) throws IOException {
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      return new FileByteSource(channel, channel.size(), holes);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /// Keeps all bytes of a channel in an unnamed temporary file.
  ///
  /// @param in read to its end; not closed
  /// @param folder where the file takes its room; exists and can be written
  /// @throws IOException if one cannot be read or the other cannot be written
  static FileByteSource spooled(ReadableByteChannel in, Path folder) throws IOException {
    FileChannel channel = UnnamedFile.create(folder, PIECE);
    try {
      ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
      while (in.read(piece.clear()) >= 0) {
        piece.flip();
        while (piece.hasRemaining()) {
          write(channel, piece, folder);
        }
      }
      return new FileByteSource(channel, channel.size(), null);
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
      throw e;
    }
  }

  private static void write(FileChannel channel, ByteBuffer piece, Path folder) throws IOException {
    try {
      channel.write(piece);
    } catch (IOException e) {
      throw UnnamedFile.full(folder, e);
    }
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long position, MemorySegment target) throws IOException {
    long wanted = Math.min(target.byteSize(), MAX_READ);
    return read(position, target.asSlice(0, wanted).asByteBuffer());
  }

  @Override
  public int read(long position, ByteBuffer target) throws IOException {
    if (position < 0) {
      throw new IllegalArgumentException("negative position " + position);
    }
    int start = target.position();
    int room = target.limit();
    target.limit((int) Math.min(room, start + Math.max(0, size - position)));
    while (target.hasRemaining()) {
      int n = channel.read(target, position + target.position() - start);
      if (n < 0) {
        break;
      }
    }
    target.limit(room);
    return target.position() - start;
  }

  @Override
  public long nextData(long position) throws IOException {
    return holes == null ? position : holes.nextData(position, size);
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      if (holes != null && channel.isOpen()) {
        holes.close();
      }
    }
  }
}
