// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Parameters;

/// The file that a command reads.
final class FileMixin {
  @Parameters(
      index = "0",
      paramLabel = "FILE",
      description = "The checkpoint; its format is recognised by content.")
  private @Nullable Path file;

  Path path() {
    if (file == null) {
      throw new IllegalStateException("not parsed yet");
    }
    return file;
  }

  /// The name as the user gave it.
  String subject() {
    return file == null ? "FILE" : file.toString();
  }
}
