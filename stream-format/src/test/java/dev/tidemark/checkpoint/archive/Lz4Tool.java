// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The stock `lz4` command, where it is at hand.
final class Lz4Tool {
  private Lz4Tool() {}

  static boolean isHere() {
    return List.of("/usr/bin/lz4", "/usr/local/bin/lz4", "/bin/lz4").stream()
        .anyMatch(f -> Files.isExecutable(Path.of(f)));
  }

  /// `lz4 -dc` of a file; its exit code has to be 0.
  static byte[] decompress(byte[] file) throws IOException {
    return run(file, "-dc");
  }

  /// `lz4 -t`; its exit code has to be 0.
  static void test(byte[] file) throws IOException {
    run(file, "-t");
  }

  private static byte[] run(byte[] file, String option) throws IOException {
    Path in = Files.createTempFile("tidemark", ".lz4");
    Path out = Files.createTempFile("tidemark", ".out");
    try {
      Files.write(in, file);
      Process lz4 =
          new ProcessBuilder("lz4", "-q", option, in.toString())
              .redirectOutput(out.toFile())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      if (lz4.waitFor() != 0) {
        throw new AssertionError("lz4 " + option + " exited with " + lz4.exitValue());
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
