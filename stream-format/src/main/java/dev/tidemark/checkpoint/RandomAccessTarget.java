// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// A target whose bytes can be written in any order. What is never written is zero, and takes no
/// room where the file system knows holes.
///
/// [#write] may be called by several threads at once; everything else is used by one thread at a
/// time, as a [CheckpointTarget]. Bytes are either appended or written at positions, not both.
public interface RandomAccessTarget extends CheckpointTarget {
  /// Writes bytes at a position; the target grows where they reach behind its end.
  ///
  /// @param position in bytes from the start of the target, 0 or more
  /// @param bytes all of which are written when this returns; not kept
  /// @throws IOException if they cannot be written, for example since the disk is full
  void write(long position, MemorySegment bytes) throws IOException;

  /// Lets the target end at a size, with zeroes behind what has been written so far.
  ///
  /// @param size in bytes, at least what has been written
  /// @throws IOException if it cannot grow
  void grow(long size) throws IOException;
}
