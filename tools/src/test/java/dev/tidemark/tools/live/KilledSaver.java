// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.saver.SaveStage;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A [KillableSave] that has come to its stage.
final class KilledSaver implements AutoCloseable {
  /// Whether the guest stands at a stage is QEMU's matter; that it is seen there at all is a race.
  private static final int TRIES = 5;

  private final Process process;

  private KilledSaver(Process process) {
    this.process = process;
  }

  /// Starts a save and waits until it has come to a stage.
  static KilledSaver at(SaveStage stage, Path socket, Path file) throws Exception {
    for (int i = 0; i < TRIES; i++) {
      Process process = start(stage, socket, file);
      String line = firstLine(process);
      if (line.equals(stage.name())) {
        return new KilledSaver(process);
      }
      assertThat(line).as("what the save at %s said", stage).isEqualTo(KillableSave.MISSED);
      assertThat(process.waitFor()).isZero();
      Files.delete(file);
    }
    throw new AssertionError("no save in " + TRIES + " came to " + stage);
  }

  private static Process start(SaveStage stage, Path socket, Path file) throws Exception {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "-cp",
                System.getProperty("java.class.path"),
                KillableSave.class.getName(),
                socket.toString(),
                file.toString(),
                stage.name()))
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  /// The process says nothing only if it is stuck, and then it is ended.
  private static String firstLine(Process process) throws Exception {
    var deadline =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  try {
                    Thread.sleep(LiveQemu.PATIENCE);
                    process.destroyForcibly();
                  } catch (InterruptedException _) {
                    // It has said something.
                  }
                });
    BufferedReader out = process.inputReader();
    String line = out.readLine();
    deadline.interrupt();
    return line == null ? "nothing; exit code " + process.waitFor() : line;
  }

  /// Its process id.
  long pid() {
    return process.pid();
  }

  /// Kills it with SIGKILL and waits until it is gone.
  ///
  /// @return when it was killed, as [System#nanoTime] says
  long kill() {
    long when = System.nanoTime();
    Commands.kill(process.toHandle());
    return when;
  }

  @Override
  public void close() {
    var _ = kill();
  }
}
