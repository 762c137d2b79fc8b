// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

/// What a checkpoint holds for one page.
public enum PageKind {
  /// Bytes are stored for it.
  DATA,
  /// It is recorded as all zeroes.
  ZERO,
  /// Nothing is recorded for it; a tool reads it as zeroes.
  MISSING
}
