// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.util.Optional;

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

  /// Reads bytes at a position into a buffer, from its position up to its limit.
  ///
  /// @param position where to start, in bytes from the start of the source, 0 or more
  /// @param target takes the bytes; its position is moved behind them
  /// @return how many bytes were read: as many as `target` had room for, or fewer only at the end
  ///     of the source; 0 at and beyond the end
  /// @throws IOException if the source cannot be read
  default int read(long position, ByteBuffer target) throws IOException {
    int got = read(position, MemorySegment.ofBuffer(target));
    target.position(target.position() + got);
    return got;
  }

  /// All bytes at once, where they are in native memory anyway: a mapped file, or memory itself. A
  /// reader then uses them where they are, without copying.
  ///
  /// Of a mapped file that is cut while it is open, an access can end in an [InternalError].
  ///
  /// @return a segment of [#size] bytes, valid until the source is closed, not to be written;
  ///     absent if they can only be read
  default Optional<MemorySegment> memory() {
    return Optional.empty();
  }

  /// Passes over a hole: the first byte from a position on that may be other than zero.
  ///
  /// @param position where to start, 0 or more
  /// @return at least `position`; all bytes before it are zero. Where nothing is known of holes it
  /// is
  ///     `position` itself
  /// @throws IOException if it cannot be found out
  default long nextData(long position) throws IOException {
    return position;
  }

  /// A source over a file that knows the file's holes, see [#nextData], where the system tells them
  /// and native access is enabled for this module; else as [#of(Path)].
  ///
  /// @param file the file
  /// @throws IOException if it cannot be opened
  static ByteSource sparse(Path file) throws IOException {
    return FileByteSource.sparse(file);
  }

  /// A source over a file.
  ///
  /// @param file the file
  /// @throws IOException if it cannot be opened
  static ByteSource of(Path file) throws IOException {
    return FileByteSource.open(file);
  }

  /// A source over a file that is mapped into memory: [#memory] gives its bytes. For files that
  /// nobody cuts while they are open; faster than [#of(Path)] where most of the bytes are looked
  /// at.
  ///
  /// @param file the file
  /// @throws IOException if it cannot be opened or mapped
  static ByteSource mapped(Path file) throws IOException {
    return MappedByteSource.open(file);
  }

  /// A source over what comes through a channel, for what has to be read at random: all of it is
  /// kept in a temporary file of mode 0600 without a name, which is gone with the source.
  ///
  /// @param channel in blocking mode; read to its end, not closed
  /// @param folder where the file takes its room; exists and can be written
  /// @throws IOException if one cannot be read or the other cannot be written
  static ByteSource spooled(ReadableByteChannel channel, Path folder) throws IOException {
    return FileByteSource.spooled(channel, folder);
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
