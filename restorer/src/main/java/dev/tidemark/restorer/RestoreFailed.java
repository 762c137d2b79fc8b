// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer;

import java.io.IOException;
import java.util.List;

/// A restore that QEMU did not go along with. A QEMU that was started for it is gone.
public final class RestoreFailed extends IOException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> output;

  /// A failure.
  ///
  /// @param what what happened, lower case, no full stop
  /// @param output the last lines of QEMU's output; empty where they are not known
  RestoreFailed(String what, List<String> output) {
    super(output.isEmpty() ? what : what + ": " + output.getLast());
    this.output = List.copyOf(output);
  }

  /// The last lines of QEMU's output, oldest first; the last one is in the message too.
  public List<String> output() {
    return output;
  }
}
