// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer;

/// When a restored guest runs.
public enum RestoreMode {
  /// After all of its RAM is loaded.
  EAGER
}
