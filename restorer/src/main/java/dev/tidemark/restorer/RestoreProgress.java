// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer;

/// Is told how far a restore is.
@FunctionalInterface
public interface RestoreProgress {
  /// Listens to nothing.
  RestoreProgress NONE = (_, _) -> {};

  /// Called about every MiB and at the end, never by two threads at once.
  ///
  /// @param sent RAM done so far, in bytes
  /// @param total RAM of the checkpoint, in bytes
  void progress(long sent, long total);
}
