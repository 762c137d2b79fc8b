// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import org.jspecify.annotations.Nullable;

/// Why a connection ended; each waiting caller gets an exception of its own, made from this.
///
/// @param why in words
/// @param received what broke the protocol, if that is why
/// @param cause what went wrong beneath, if something did
record End(String why, @Nullable String received, @Nullable Throwable cause) {
  private static final String CLOSED = "QEMU closed the connection";

  static End closedByPeer() {
    return new End(CLOSED, null, null);
  }

  static End closedHere() {
    return new End("this client is closed", null, null);
  }

  static End failed(Throwable cause) {
    return cause instanceof QmpException.ProtocolViolated violated
        ? new End(String.valueOf(violated.getMessage()), violated.received(), cause)
        : new End(
            isClosing(cause) ? CLOSED : "the connection failed: " + cause.getMessage(),
            null,
            cause);
  }

  /// What a closed connection looks like to who was writing, or had written what was not read.
  private static boolean isClosing(Throwable cause) {
    String message = String.valueOf(cause.getMessage());
    return message.contains("Connection reset") || message.contains("Broken pipe");
  }

  QmpException toException(@Nullable String sent) {
    return received == null
        ? new QmpException.Disconnected(sent, why, cause)
        : QmpException.ProtocolViolated.again(
            sent == null ? why : sent + ": " + why, received, cause);
  }
}
