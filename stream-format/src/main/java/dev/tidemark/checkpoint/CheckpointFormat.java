// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

/// The kinds of file that hold a stored VM.
public enum CheckpointFormat {
  /// QEMU's migration stream, as `migrate file:` and `-incoming` know it.
  STREAM,
  /// The Tidemark archive, `.tmk`.
  ARCHIVE
}
