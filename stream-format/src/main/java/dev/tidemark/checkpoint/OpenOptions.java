// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.nio.file.Path;
import java.util.Optional;

/// How a checkpoint is opened.
///
/// @param snapshot id or name of the internal snapshot that is meant, where a file can hold several
///     (qcow2); absent: the only one that holds a VM's state
/// @param spoolFolder where pages are kept that cannot be read where they are: see [PageSpool]
/// @param progress told how far opening is, in bytes read, where it reads all of the input
public record OpenOptions(Optional<String> snapshot, Path spoolFolder, Progress progress) {
  /// The only snapshot; spooled in the folder for temporary files, `java.io.tmpdir`; no listener.
  public static final OpenOptions DEFAULT =
      new OpenOptions(Optional.empty(), UnnamedFile.temporaryFolder(), Progress.NONE);

  /// The same for a snapshot.
  ///
  /// @param idOrName which one
  public OpenOptions withSnapshot(String idOrName) {
    return new OpenOptions(Optional.of(idOrName), spoolFolder, progress);
  }

  /// The same with another folder for spooled pages.
  ///
  /// @param folder exists and can be written
  public OpenOptions withSpoolFolder(Path folder) {
    return new OpenOptions(snapshot, folder, progress);
  }

  /// The same with a listener.
  ///
  /// @param listener told how far opening is
  public OpenOptions withProgress(Progress listener) {
    return new OpenOptions(snapshot, spoolFolder, listener);
  }
}
