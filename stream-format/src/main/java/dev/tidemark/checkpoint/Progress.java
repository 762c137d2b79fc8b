// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

/// Told how far a long piece of work is: reading, writing, verifying.
@FunctionalInterface
public interface Progress {
  /// Listens to nothing.
  Progress NONE = (done, total) -> {};

  /// Called now and then, and at the end; in any of the working threads, one at a time.
  ///
  /// @param done how much is done; bytes, where the work does not say otherwise
  /// @param total how much there is to do; 0 where it is not known
  void advanced(long done, long total);
}
