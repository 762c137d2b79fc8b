// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer;

import dev.tidemark.restorer.preflight.Finding;
import dev.tidemark.restorer.preflight.PreflightRefused;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Makes and removes the folder of one restored VM.
///
/// @param path the folder
/// @param made whether it was made here, and goes when the restore fails
record RunFolders(Path path, boolean made) {
  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  /// A folder for one VM: new, or empty, so that no other VM's sockets are in it.
  static RunFolders open(Optional<Path> wanted) throws IOException {
    if (wanted.isEmpty()) {
      return new RunFolders(Files.createTempDirectory("tidemark-", PRIVATE), true);
    }
    Path path = wanted.get().toAbsolutePath();
    if (!Files.isDirectory(path)) {
      return new RunFolders(Files.createDirectory(path, PRIVATE), true);
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
      if (entries.iterator().hasNext()) {
        throw new PreflightRefused(
            List.of(Finding.refusal("the run folder is not empty: " + path)));
      }
    }
    return new RunFolders(path, false);
  }

  /// Removes what a failed restore has left in it, and the folder if it was made here.
  void remove() {
    try {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
        for (Path entry : entries) {
          Files.deleteIfExists(entry);
        }
      }
      if (made) {
        Files.deleteIfExists(path);
      }
    } catch (IOException _) {
      // What failed before this is what the caller must hear of.
    }
  }
}
