// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// A file, mapped into memory.
///
/// A file that is cut while it is mapped faults: [#read] then throws an [IOException], and so does
/// [dev.tidemark.stream.StreamReader], but whoever looks into [#memory] himself meets an
/// [InternalError].
///
/// May be used by several threads at once. Closing it takes the memory away from all of them.
public final class MappedByteSource implements ByteSource {
  private final Arena arena;
  private final MemorySegment bytes;

  private MappedByteSource(Arena arena, MemorySegment bytes) {
    this.arena = arena;
    this.bytes = bytes;
  }

  /// Maps a file.
  ///
  /// @param file the file; its size is taken now
  /// @throws IOException if it cannot be opened or mapped
  public static MappedByteSource open(Path file) throws IOException {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return new MappedByteSource(
          arena, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /// Whether an error says that mapped memory has no file behind it any more.
  ///
  /// @param e any error
  public static boolean isFault(InternalError e) {
    return String.valueOf(e.getMessage()).contains("unsafe memory access");
  }

  @Override
  public long size() {
    return bytes.byteSize();
  }

  @Override
  public int read(long position, MemorySegment target) throws IOException {
    if (position < 0) {
      throw new IllegalArgumentException("negative position " + position);
    }
    long rest = Math.max(0, bytes.byteSize() - position);
    int length = (int) Math.min(Math.min(rest, target.byteSize()), Integer.MAX_VALUE);
    if (length > 0) {
      try {
        MemorySegment.copy(bytes, position, target, 0, length);
      } catch (InternalError e) {
        if (isFault(e)) {
          throw new IOException("the file was cut while it was mapped", e);
        }
        throw e;
      }
    }
    return length;
  }

  @Override
  public Optional<MemorySegment> memory() {
    return Optional.of(bytes);
  }

  /// Takes the map away; a second time does nothing.
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
