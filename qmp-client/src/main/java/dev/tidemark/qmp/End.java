// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import org.jspecify.annotations.Nullable;

/// Why a connection ended; each waiting caller gets an exception of its own, made from this.
///
/// @param why in words
/// @param received what broke the protocol, if that is why
/// @param cause what went wrong beneath, if something did
record End(String why, @Nullable String received, @Nullable Throwable cause) {
  static End closedByPeer() {
    return new End("QEMU closed the connection", null, null);
  }

  static End closedHere() {
    return new End("this client is closed", null, null);
  }

  static End failed(Throwable cause) {
    return cause instanceof QmpException.ProtocolViolated violated
        ? new End(String.valueOf(violated.getMessage()), violated.received(), cause)
        : new End("the connection failed: " + cause.getMessage(), null, cause);
  }

  QmpException toException(@Nullable String sent) {
    return received == null
        ? new QmpException.Disconnected(sent, why, cause)
        : QmpException.ProtocolViolated.again(
            sent == null ? why : sent + ": " + why, received, cause);
  }
}
