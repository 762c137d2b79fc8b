// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.CheckpointInput;
import dev.tidemark.checkpoint.OpenOptions;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.ProgressLine;
import dev.tidemark.tools.report.UsageException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// How a checkpoint is read that may come through a pipe: `--snapshot`, `--temp`.
final class InputMixin {
  @Option(
      names = "--snapshot",
      paramLabel = "NAME",
      description = "qcow2: which snapshot, by name or id, where there are several.")
  private @Nullable String snapshot;

  @Option(
      names = "--temp",
      paramLabel = "DIR",
      description = "Where pages are kept that cannot be read where they are; by default /tmp.")
  private @Nullable Path temp;

  /// Opens a file, or standard input.
  ///
  /// @param name the file's, or `-`
  CheckpointInput open(String name, Console console, ProgressLine line, String what)
      throws IOException, UsageException {
    OpenOptions options =
        OpenOptions.DEFAULT.withProgress((done, total) -> line.show(what, done, total, ""));
    if (snapshot != null) {
      options = options.withSnapshot(snapshot);
    }
    if (temp != null) {
      options = options.withSpoolFolder(temp);
    }
    return name.equals("-")
        ? CheckpointInput.of(
            new FileInputStream(FileDescriptor.in).getChannel(), options, console::note)
        : CheckpointInput.of(Sources.open(Path.of(name), options));
  }
}
