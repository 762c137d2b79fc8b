// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.CheckpointInput;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.OpenOptions;
import dev.tidemark.checkpoint.stream.StreamCheckpointStream;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.ProgressLine;
import dev.tidemark.tools.report.UsageException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/// Opens the files that commands read.
final class Sources {
  private Sources() {}

  /// Opens a checkpoint of which pages are looked at here and there. A regular file is mapped, so
  /// that of a stream no more is read than the headers of its records.
  ///
  /// @param file whatever holds a VM's state
  /// @param options how it is opened
  /// @param line shows how far it is, if it takes long
  /// @param what the work is called meanwhile
  static Checkpoint open(Path file, OpenOptions options, ProgressLine line, String what)
      throws IOException {
    return open(file, watched(options, line, what));
  }

  /// Opens a checkpoint that may be standard input.
  ///
  /// @param name the file's, or `-`
  /// @param options how it is opened
  /// @param console is told when something has to be kept in a temporary file
  /// @param line shows how far it is, if it takes long
  /// @param what the work is called meanwhile
  static CheckpointInput input(
      String name, OpenOptions options, Console console, ProgressLine line, String what)
      throws IOException, UsageException {
    OpenOptions watched = watched(options, line, what);
    if (!name.equals("-")) {
      return CheckpointInput.of(open(path(name), watched));
    }
    // Not closed by itself: it is the process's.
    FileChannel input = new FileInputStream(FileDescriptor.in).getChannel();
    return CheckpointInput.of(input, watched, console::note);
  }

  /// Whether an input is a file with a migration stream as QEMU sends it, not compressed and
  /// without
  /// mapped-ram.
  ///
  /// @param name the file's, or `-`
  static boolean isStream(String name) throws IOException, UsageException {
    if (name.equals("-") || !Files.isRegularFile(path(name))) {
      return false;
    }
    try (ByteSource source = ByteSource.of(path(name))) {
      return CheckpointFormat.of(source) == CheckpointFormat.STREAM;
    }
  }

  /// A file that [#isStream], to be read in one pass.
  static CheckpointStream stream(String name) throws IOException, UsageException {
    return StreamCheckpointStream.open(
        MigrationStream.of(TargetPageSize.detect()), ByteSource.mapped(path(name)));
  }

  private static Path path(String name) throws UsageException {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw new UsageException("not the name of a file: " + e.getReason());
    }
  }

  private static OpenOptions watched(OpenOptions options, ProgressLine line, String what) {
    return options.withProgress((done, total) -> line.show(what, done, total, ""));
  }

  private static Checkpoint open(Path file, OpenOptions options) throws IOException {
    ByteSource source =
        Files.isRegularFile(file) && Files.size(file) > 0
            ? ByteSource.mapped(file)
            : ByteSource.of(file);
    try {
      return Checkpoint.open(source, options);
    } catch (IOException | RuntimeException | Error e) {
      source.close();
      throw e;
    }
  }
}
