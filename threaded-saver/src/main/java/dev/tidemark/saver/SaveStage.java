// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver;

/// The stages of a save, in order. [#LATER_PASS] is passed over where no page was sent again,
/// [#STOPPED] where the VM was not running.
public enum SaveStage {
  /// QMP is connected and the checks have passed; nothing was changed yet.
  CONNECTED,
  /// Capabilities and parameters are set; the migration has not begun.
  CAPABILITIES_SET,
  /// The first page has arrived.
  FIRST_PASS,
  /// The first page that was sent again has arrived.
  LATER_PASS,
  /// The guest stands.
  STOPPED,
  /// The last page has arrived; the device state follows.
  DEVICE_STATE,
  /// The receiver has ended the migration.
  SHUT_SENT,
  /// The guest is what it was; what is buffered is being written.
  DRAINING,
  /// All bytes are written, not yet durable.
  BEFORE_FSYNC,
  /// All bytes are durable, not yet under the final name.
  BEFORE_RENAME,
  /// The checkpoint stands under its final name.
  AFTER
}
