// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;

/// An action of a [Transaction].
///
/// @param type its name, such as `blockdev-snapshot`
/// @param data its arguments
public record TransactionAction(String type, JsonObject data) {
  /// The action that does nothing and fails, so that the whole transaction does nothing.
  public static final TransactionAction ABORT = new TransactionAction("abort", JsonObject.EMPTY);

  /// The action that does what a command does: QEMU has them by the same names for
  /// `blockdev-snapshot`, `blockdev-backup`, `block-dirty-bitmap-add` and `-remove`, among others.
  public static TransactionAction of(QmpCommand<?> command) {
    return new TransactionAction(command.wireName(), command.arguments());
  }

  JsonObject toJson() {
    return JsonObject.of("type", type, "data", data);
  }
}
