// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver;

/// Told how a save gets on. Methods are called by the saver's own threads, one at a time for each
/// method, and must return soon: while [#stage] of a stage between `STOPPED` and `SHUT_SENT` runs,
/// the guest stands.
public interface SaveListener {
  /// A listener that hears nothing.
  SaveListener NONE = new SaveListener() {};

  /// A stage was reached.
  ///
  /// @param stage which
  default void stage(SaveStage stage) {}

  /// How far the save is; about five times a second.
  ///
  /// @param progress a snapshot
  default void progress(SaveProgress progress) {}
}
