// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.OpenOptions;
import dev.tidemark.tools.report.ProgressLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Opens the files that commands read.
final class Sources {
  private Sources() {}

  /// Opens a checkpoint of which pages are looked at here and there. A regular file is mapped, so
  /// that of a stream no more is read than the headers of its records.
  ///
  /// @param file whatever holds a VM's state
  /// @param line shows how far it is, if it takes long
  /// @param what the work is called meanwhile
  static Checkpoint open(Path file, ProgressLine line, String what) throws IOException {
    ByteSource source =
        Files.isRegularFile(file) && Files.size(file) > 0
            ? ByteSource.mapped(file)
            : ByteSource.of(file);
    try {
      return Checkpoint.open(
          source,
          OpenOptions.DEFAULT.withProgress((done, total) -> line.show(what, done, total, "")));
    } catch (IOException | RuntimeException | Error e) {
      source.close();
      throw e;
    }
  }
}
