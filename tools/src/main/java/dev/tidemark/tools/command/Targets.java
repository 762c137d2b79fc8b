// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.UsageException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/// Where a checkpoint may go.
final class Targets {
  private Targets() {}

  static Path file(String output) throws UsageException {
    if (output.matches("[A-Za-z][A-Za-z0-9+.-]*://.*")) {
      throw new UsageException("-o: URLs are not supported yet; there is: the name of a file");
    }
    if (output.equals("-")) {
      throw new UsageException(
          "-o: standard output is not supported yet; there is: the name of a file");
    }
    try {
      return Path.of(output);
    } catch (InvalidPathException e) {
      throw new UsageException("-o: not the name of a file: " + e.getReason());
    }
  }

  /// Sees to it that a folder is there; a new one can be entered by its owner alone, since RAM
  /// holds
  /// secrets.
  static void makeFolder(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
  }

  /// Standard output, for bytes. Not to be closed: it is the process's.
  static WritableByteChannel standardOutput() throws UsageException {
    if (Console.isTerminal(1)) {
      throw new UsageException(
          "bytes are not written to a terminal: redirect standard output, or name a file");
    }
    return new FileOutputStream(FileDescriptor.out).getChannel();
  }
}
