// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// Where the bytes of a stored checkpoint come from: a file, memory, a remote server.
///
/// Random access by position. Implementations may be used by several threads at once.
public interface ByteSource extends Closeable {
  /// Size in bytes; fixed while the source is open.
  ///
  /// @return the size, 0 or more
  /// @throws IOException if it cannot be found out
  long size() throws IOException;

  /// Reads bytes at a position, as many as there are up to the size of `target`.
  ///
  /// @param position where to start, in bytes from the start of the source, 0 or more
  /// @param target takes the bytes, from its start
  /// @return how many bytes were read: all of `target`, or fewer only at the end of the source; 0
  ///     at and beyond the end
  /// @throws IOException if the source cannot be read
  int read(long position, MemorySegment target) throws IOException;

  /// A source over a file.
  ///
  /// @param file the file
  /// @throws IOException if it cannot be opened
  static ByteSource of(Path file) throws IOException {
    return FileByteSource.open(file);
  }

  /// A source over bytes in memory.
  ///
  /// @param bytes what is read; not copied
  static ByteSource of(MemorySegment bytes) {
    return new MemoryByteSource(bytes);
  }

  /// A source over bytes in memory.
  ///
  /// @param bytes what is read; not copied
  static ByteSource of(byte[] bytes) {
    return new MemoryByteSource(MemorySegment.ofArray(bytes));
  }
}
