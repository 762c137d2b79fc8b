// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

/// Told how far a verification is.
@FunctionalInterface
public interface VerifyProgress {
  /// Listens to nothing.
  VerifyProgress NONE = (done, total) -> {};

  /// Called now and then, in the verifying thread.
  ///
  /// @param done bytes checked so far, of the two passes together
  /// @param total bytes to check
  void verified(long done, long total);
}
