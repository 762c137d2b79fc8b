// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer;

import dev.tidemark.qmp.QmpAddress;
import java.util.List;

/// The QEMU that takes a checkpoint.
public sealed interface RestoreTarget {
  /// A new one, from the command line in the checkpoint's manifest.
  record Saved() implements RestoreTarget {}

  /// A new one, from arguments.
  ///
  /// @param arguments QEMU's arguments; a first one that does not start with a dash is the program.
  ///     Without it that is the manifest's program, else the one of its target on `PATH`
  record Given(List<String> arguments) implements RestoreTarget {
    /// Copies the list.
    public Given {
      arguments = List.copyOf(arguments);
    }
  }

  /// One that waits already, having been started with `-incoming defer`.
  ///
  /// @param qmp its monitor
  record Waiting(QmpAddress qmp) implements RestoreTarget {}
}
