// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import java.io.IOException;

/// The demo guest, or the QEMU it runs in, did not do what it must.
public final class GuestFailure extends IOException {
  private static final long serialVersionUID = 1L;

  /// A failure.
  ///
  /// @param message what happened, lower case, no full stop
  GuestFailure(String message) {
    super(message);
  }
}
