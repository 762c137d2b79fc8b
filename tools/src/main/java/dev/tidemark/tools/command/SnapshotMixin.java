// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.OpenOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// `--snapshot`: which snapshot of an image is meant.
final class SnapshotMixin {
  @Option(
      names = "--snapshot",
      paramLabel = "NAME",
      description =
          "Of a qcow2 image with several snapshots, the one of that name or id. Needed only if more"
              + " than one holds a VM's state.")
  private @Nullable String snapshot;

  /// How to open the file.
  OpenOptions options() {
    return snapshot == null ? OpenOptions.DEFAULT : OpenOptions.DEFAULT.withSnapshot(snapshot);
  }
}
