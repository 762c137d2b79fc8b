// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.launch;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// A QEMU process that outlives the JVM which started it.
///
/// It has a session of its own, so that Ctrl-C at the terminal does not reach it.
public final class QemuProcess {
  private static final Path NULL = Path.of("/dev/null");
  private static final int TAIL_BYTES = 4096;
  private static final int TAIL_LINES = 10;

  /// Where a process's standard streams go.
  public enum Stdio {
    /// Output to a file, no input.
    LOG,
    /// Those of this JVM.
    INHERIT
  }

  private final Process process;
  private final Optional<Path> log;

  private QemuProcess(Process process, Optional<Path> log) {
    this.process = process;
    this.log = log;
  }

  /// Starts QEMU.
  ///
  /// @param executable the program
  /// @param arguments its arguments, without its name
  /// @param workingDirectory the folder to start it in
  /// @param log the file for its output, if `stdio` says so
  /// @param stdio where its standard streams go
  /// @return the process
  /// @throws IOException if it cannot be started
  public static QemuProcess start(
      Path executable, List<String> arguments, Path workingDirectory, Path log, Stdio stdio)
      throws IOException {
    List<String> command = new ArrayList<>();
    // setsid makes a session and becomes QEMU: the process id stays.
    onPath("setsid").ifPresent(setsid -> command.add(setsid.toString()));
    command.add(executable.toString());
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command).directory(workingDirectory.toFile());
    if (stdio == Stdio.INHERIT) {
      return new QemuProcess(builder.inheritIO().start(), Optional.empty());
    }
    builder.redirectInput(NULL.toFile()).redirectErrorStream(true).redirectOutput(log.toFile());
    return new QemuProcess(builder.start(), Optional.of(log));
  }

  /// Finds a program.
  ///
  /// @param name its name, such as `qemu-system-x86_64`
  /// @return its path; absent if no folder of `PATH` has it
  public static Optional<Path> onPath(String name) {
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("/usr/bin:/bin");
    for (String folder : path.split(File.pathSeparator, -1)) {
      Path candidate = Path.of(folder.isEmpty() ? "." : folder, name);
      if (Files.isExecutable(candidate) && !Files.isDirectory(candidate)) {
        return Optional.of(candidate.toAbsolutePath());
      }
    }
    return Optional.empty();
  }

  /// The process.
  public ProcessHandle handle() {
    return process.toHandle();
  }

  /// Whether it has not ended.
  public boolean isAlive() {
    return process.isAlive();
  }

  /// The last lines of its output; empty where they are not kept.
  public List<String> lastLines() {
    if (log.isEmpty()) {
      return List.of();
    }
    try {
      byte[] all = Files.readAllBytes(log.get());
      int from = Math.max(0, all.length - TAIL_BYTES);
      String tail = new String(all, from, all.length - from, StandardCharsets.UTF_8);
      List<String> lines = tail.lines().filter(line -> !line.isBlank()).toList();
      return lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size());
    } catch (IOException _) {
      return List.of();
    }
  }

  /// Waits for its end.
  ///
  /// @param millis how long at most
  /// @return whether it has ended
  /// @throws InterruptedException if this thread is interrupted
  public boolean waitFor(long millis) throws InterruptedException {
    return process.waitFor(millis, TimeUnit.MILLISECONDS);
  }

  /// Kills it and waits until it is gone.
  public void kill() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
