// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/// A VM as somebody starts it by hand: in a folder of his, with names relative to it, without any
/// of what the fixtures add. Its guest is Linux, whose console counts and has a shell.
final class HandStarted implements AutoCloseable {
  /// Before 9.0, QEMU with TCG loses track of writes in RAM that is a multiple of 256 KiB, whoever
  /// migrates it; see `DemoVm`.
  private static final int FIRST_RIGHT_VERSION = 9;

  private final Process process;
  private final Path folder;

  private HandStarted(Process process, Path folder) {
    this.process = process;
    this.folder = folder;
  }

  /// Starts one whose console goes to the file `serial`.
  static HandStarted consoleInFile(QemuBinary binary, Path folder) throws Exception {
    return start(binary, folder, List.of(), "file:serial");
  }

  /// Starts one whose console is the socket `console`, and goes to the file `serial` too.
  static HandStarted consoleOnSocket(QemuBinary binary, Path folder) throws Exception {
    String chardev = "socket,id=console,path=console,server=on,wait=off,logfile=serial";
    return start(binary, folder, List.of("-chardev", chardev), "chardev:console");
  }

  private static HandStarted start(QemuBinary binary, Path folder, List<String> more, String serial)
      throws Exception {
    List<String> command = new ArrayList<>(List.of(binary.path().toString(), "-display", "none"));
    command.addAll(List.of("-qmp", "unix:qmp.sock,server=on,wait=off"));
    command.addAll(more);
    command.addAll(LiveQemu.linuxOn(serial));
    command.set(
        command.indexOf("-m") + 1, binary.major() < FIRST_RIGHT_VERSION ? "131064K" : "128M");
    Process process =
        new ProcessBuilder(command)
            .directory(Files.createDirectories(folder).toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("out").toFile())
            .start();
    HandStarted vm = new HandStarted(process, folder);
    try {
      Consoles.awaitCount(vm.serial(), 1);
      return vm;
    } catch (Throwable e) {
      vm.close();
      throw e;
    }
  }

  Path qmp() {
    return folder.resolve("qmp.sock");
  }

  Path serial() {
    return folder.resolve("serial");
  }

  Path console() {
    return folder.resolve("console");
  }

  Process process() {
    return process;
  }

  /// Its command line.
  List<String> commandLine() throws IOException {
    String words = Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline"));
    return List.of(words.substring(0, words.length() - 1).split("\0", -1));
  }

  /// What stands in its folder, each file with what makes it that file and no other.
  Map<String, Object> files() throws IOException {
    Map<String, Object> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(folder)) {
      for (Path file : all.toList()) {
        files.put(
            String.valueOf(file.getFileName()),
            String.valueOf(Files.readAttributes(file, BasicFileAttributes.class).fileKey()));
      }
    }
    return files;
  }

  /// Asserts that it is what it was: alive, its files the same ones, its console only longer.
  void assertUnharmed(Map<String, Object> filesBefore, String serialBefore) throws Exception {
    assertThat(process.isAlive()).isTrue();
    assertThat(files()).isEqualTo(filesBefore);
    assertThat(Files.readString(serial())).startsWith(serialBefore);
    assertThat(Files.readString(folder.resolve("out")).lines())
        .as("what QEMU said")
        .allMatch(line -> line.contains("Sibling indicated error 1"));
  }

  @Override
  public void close() {
    Commands.kill(process.toHandle());
  }
}
