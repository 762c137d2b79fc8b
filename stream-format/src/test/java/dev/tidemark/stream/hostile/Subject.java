// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import java.io.IOException;

/// A way to read bytes that may be anything.
@FunctionalInterface
public interface Subject {
  /// Reads all there is, and takes everything out of it.
  ///
  /// @param bytes the first `length` of them count; not changed
  /// @param length how many
  /// @throws dev.tidemark.stream.StreamException if they cannot be read: the only exception allowed
  /// @throws IOException never, if the subject is sound
  void read(byte[] bytes, int length) throws IOException;

  /// Whether good bytes that are cut off may be taken for whole ones.
  ///
  /// @param bytes good
  /// @param length where they are cut off; less than all
  default boolean mayEnd(byte[] bytes, int length) {
    return false;
  }

  /// Whether the subject is one of those that need not read every good stream: what it refuses as
  /// [dev.tidemark.stream.StreamException.Unsupported] is damaged all the same.
  default boolean mayRefuse() {
    return false;
  }
}
