// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.Cleaner;

/// Gives native memory of libraries back that live as long as their owner is reachable, as slabs
/// do.
final class NativeMemory {
  private static final Cleaner CLEANER = Cleaner.create();

  private NativeMemory() {}

  /// Closes a resource once its owner is no longer reachable.
  ///
  /// @param owner has to hold itself reachable while it uses the resource
  /// @param resource must not refer to the owner
  static void closeWith(Object owner, Closeable resource) {
    CLEANER.register(owner, () -> close(resource));
  }

  private static void close(Closeable resource) {
    try {
      resource.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
