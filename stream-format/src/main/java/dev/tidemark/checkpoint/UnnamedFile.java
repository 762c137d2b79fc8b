// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/// Temporary files that have mode 0600 and no name, since RAM holds secrets: they are gone with the
/// process.
final class UnnamedFile {
  private UnnamedFile() {}

  /// The folder for temporary files, `java.io.tmpdir`.
  static Path temporaryFolder() {
    return Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
  }

  /// An empty file.
  ///
  /// @param folder where it takes its room
  /// @param room bytes that must be free there at least
  /// @throws IOException if there is no such file to be had
  static FileChannel create(Path folder, long room) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new NoSuchFileException(folder.toString(), null, "no such folder for spooled pages");
    }
    if (!Files.isWritable(folder)) {
      throw new FileSystemException(
          folder.toString(), null, "folder for spooled pages cannot be written");
    }
    if (Files.getFileStore(folder).getUsableSpace() < room) {
      throw new FileSystemException(folder.toString(), null, "no room for spooled pages");
    }
    Path named =
        Files.createTempFile(
            folder,
            ".tidemark-spool-",
            "",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      return FileChannel.open(named, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } finally {
      Files.delete(named);
    }
  }

  /// What is told when such a file cannot be written.
  static IOException full(Path folder, IOException e) {
    if (e instanceof FileSystemException) {
      return e;
    }
    FileSystemException why =
        new FileSystemException(
            folder.toString(), null, "pages cannot be spooled: " + e.getMessage());
    why.initCause(e);
    return why;
  }
}
