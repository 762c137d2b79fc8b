// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Where a file has no holes, as `lseek` with SEEK_DATA tells it on Linux.
///
/// May be used by several threads at once.
@SuppressWarnings("restricted")
final class FileHoles implements Closeable {
  private static final int READ_ONLY_CLOSE_ON_EXEC = 0x80000;
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;

  private final Posix posix;
  private final int descriptor;

  private FileHoles(Posix posix, int descriptor) {
    this.posix = posix;
    this.descriptor = descriptor;
  }

  /// Opens a file once more; null where its holes cannot be known: on another system, or where this
  /// module may not call native functions.
  static @Nullable FileHoles open(Path file) throws IOException {
    if (!System.getProperty("os.name", "").equals("Linux")
        || !FileHoles.class.getModule().isNativeAccessEnabled()) {
      return null;
    }
    Posix posix = Posix.link();
    int descriptor = posix.open(file);
    if (descriptor < 0) {
      return null;
    }
    FileHoles holes = new FileHoles(posix, descriptor);
    if (posix.seek(descriptor, 0, SEEK_HOLE) < 0) {
      holes.close();
      return null;
    }
    return holes;
  }

  /// A name of the very file that was opened, as long as this is open.
  Path sameFile() {
    return Path.of("/proc/self/fd/" + descriptor);
  }

  /// The first byte from a position on that is not in a hole.
  ///
  /// @return `size` if there is none before
  long nextData(long position, long size) throws IOException {
    long found = position >= size ? -1 : posix.seek(descriptor, position, SEEK_DATA);
    return found < 0 ? Math.max(position, size) : Math.min(found, size);
  }

  @Override
  public void close() throws IOException {
    posix.close(descriptor);
  }

  /// The functions of the C library.
  private record Posix(MethodHandle open, MethodHandle seek, MethodHandle close) {
    static Posix link() {
      Linker linker = Linker.nativeLinker();
      return new Posix(
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("open"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
              Linker.Option.firstVariadicArg(2)),
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("lseek"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_INT)),
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("close"),
              FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT)));
    }

    int open(Path file) throws IOException {
      try (Arena arena = Arena.ofConfined()) {
        return (int) open.invokeExact(arena.allocateFrom(file.toString()), READ_ONLY_CLOSE_ON_EXEC);
      } catch (Throwable e) {
        throw failed(e);
      }
    }

    long seek(int descriptor, long position, int whence) throws IOException {
      try {
        return (long) seek.invokeExact(descriptor, position, whence);
      } catch (Throwable e) {
        throw failed(e);
      }
    }

    void close(int descriptor) throws IOException {
      try {
        var _ = (int) close.invokeExact(descriptor);
      } catch (Throwable e) {
        throw failed(e);
      }
    }

    private static IOException failed(Throwable e) {
      return new IOException("a function of the C library cannot be called", e);
    }
  }
}
