// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.OpenOptions;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// How a checkpoint is opened: `--snapshot`, `--temp`.
final class OpenMixin {
  @Option(
      names = "--snapshot",
      paramLabel = "NAME",
      description =
          "Of a qcow2 image with several snapshots, the one of that name or id. Needed only if more"
              + " than one holds a VM's state.")
  private @Nullable String snapshot;

  @Option(
      names = "--temp",
      paramLabel = "DIR",
      description =
          "Where pages are kept meanwhile that cannot be read where they are; by default /tmp.")
  private @Nullable Path temp;

  /// How to open the file.
  OpenOptions options() {
    OpenOptions options = OpenOptions.DEFAULT;
    if (snapshot != null) {
      options = options.withSnapshot(snapshot);
    }
    return temp == null ? options : options.withSpoolFolder(temp);
  }
}
