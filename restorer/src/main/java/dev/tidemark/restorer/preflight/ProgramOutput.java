// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.preflight;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// What a program prints when asked about itself.
final class ProgramOutput {
  private static final int SECONDS = 10;

  private ProgramOutput() {}

  /// Its standard output; absent if it cannot be run, fails, or takes too long.
  static Optional<String> of(Path program, List<String> arguments) {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(arguments);
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectInput(Path.of("/dev/null").toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try {
        return output(process);
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException | ExecutionException | TimeoutException _) {
      return Optional.empty();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  private static Optional<String> output(Process process)
      throws InterruptedException, ExecutionException, TimeoutException {
    FutureTask<byte[]> read = new FutureTask<>(process.getInputStream()::readAllBytes);
    Thread.ofVirtual().start(read);
    byte[] bytes = read.get(SECONDS, TimeUnit.SECONDS);
    boolean ended = process.waitFor(SECONDS, TimeUnit.SECONDS);
    return ended && process.exitValue() == 0
        ? Optional.of(new String(bytes, StandardCharsets.UTF_8))
        : Optional.empty();
  }
}
