// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import java.util.Optional;

/// A block device, as `query-block` returns it.
///
/// @param device its name; empty for a device made with `-blockdev`
/// @param qdev the id or QOM path of the guest's device, if there is one
/// @param removable whether its medium can be taken out
/// @param trayOpen whether its tray is open, where it has one
/// @param inserted what is in it; absent for an empty drive
/// @param raw the whole element
public record BlockDevice(
    String device,
    Optional<String> qdev,
    boolean removable,
    Optional<Boolean> trayOpen,
    Optional<BlockNode> inserted,
    JsonObject raw) {

  static BlockDevice of(JsonObject raw) {
    return new BlockDevice(
        raw.string("device"),
        raw.optString("qdev"),
        raw.bool("removable"),
        raw.optBool("tray_open"),
        raw.optObject("inserted").map(BlockNode::of),
        raw);
  }

  /// Whether something is in it that the guest may write to.
  public boolean isWritable() {
    return inserted.isPresent() && !inserted.get().readOnly();
  }
}
