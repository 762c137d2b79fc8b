// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.WritableByteChannel;

/// Where a checkpoint goes: bytes are appended front to back, and nothing is visible under the
/// final name before [#commit].
///
/// Used by one thread at a time.
public interface CheckpointTarget extends Closeable {
  /// Appends bytes.
  ///
  /// @param bytes all of which are written when this returns; not kept
  /// @throws IOException if they cannot be written, for example since the disk is full
  void append(MemorySegment bytes) throws IOException;

  /// Makes what was appended durable; it is not visible yet.
  ///
  /// @throws IOException if that fails
  void sync() throws IOException;

  /// Makes what was appended durable, if [#sync] has not, and visible under its final name.
  ///
  /// @throws IOException if that fails; then nothing is visible
  void commit() throws IOException;

  /// Throws away what was appended. Does nothing after [#commit].
  ///
  /// @throws IOException if left-overs cannot be removed
  void abort() throws IOException;

  /// A channel whose bytes are appended. Closing it does nothing: the target stays its owner's.
  default WritableByteChannel channel() {
    return new TargetChannel(this::append);
  }

  /// A target that has no name: a pipe, a socket. What was appended is gone on at once, and
  /// [#abort] cannot take it back.
  ///
  /// @param channel in blocking mode; not closed
  static CheckpointTarget of(WritableByteChannel channel) {
    return new ChannelTarget(channel);
  }

  /// As [#abort] when not committed.
  @Override
  default void close() throws IOException {
    abort();
  }
}
