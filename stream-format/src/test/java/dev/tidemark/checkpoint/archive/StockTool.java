// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The stock commands `lz4` and `zstd`, where they are at hand.
enum StockTool {
  LZ4("lz4"),
  ZSTD("zstd");

  private final String command;

  StockTool(String command) {
    this.command = command;
  }

  /// The one that decompresses what is written with these options.
  static StockTool of(ArchiveOptions options) {
    return options.compression() == Compression.ZSTD ? ZSTD : LZ4;
  }

  boolean isHere() {
    return List.of("/usr/bin/", "/usr/local/bin/", "/bin/").stream()
        .anyMatch(folder -> Files.isExecutable(Path.of(folder + command)));
  }

  /// Decompresses a file, `-dc`; the tool's exit code has to be 0.
  byte[] decompress(byte[] file) throws IOException {
    return run(file, "-dc");
  }

  /// `-t`; the tool's exit code has to be 0.
  void test(byte[] file) throws IOException {
    run(file, "-t");
  }

  private byte[] run(byte[] file, String option) throws IOException {
    Path in = Files.createTempFile("tidemark", ".tmk");
    Path out = Files.createTempFile("tidemark", ".out");
    try {
      Files.write(in, file);
      Process tool =
          new ProcessBuilder(command, "-q", option, in.toString())
              .redirectOutput(out.toFile())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      if (tool.waitFor() != 0) {
        throw new AssertionError(command + " " + option + " exited with " + tool.exitValue());
      }
      return Files.readAllBytes(out);
    } catch (InterruptedException e) {
      throw new IOException(e);
    } finally {
      Files.delete(in);
      Files.delete(out);
    }
  }
}
