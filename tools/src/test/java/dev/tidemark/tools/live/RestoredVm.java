// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// A VM that `tidemark restore` has brought back; killed on close.
final class RestoredVm implements AutoCloseable {
  private final JsonObject report;
  private final ProcessHandle process;
  private final Path folder;

  private RestoredVm(JsonObject report, ProcessHandle process, Path folder) {
    this.report = report;
    this.process = process;
    this.folder = folder;
  }

  /// Restores a checkpoint.
  ///
  /// @param folder a new folder for its sockets and files
  static RestoredVm of(Path file, Path folder) throws Exception {
    String out = Commands.good("restore", "--quiet", "--json", "--run-dir", folder, file).out();
    return from(out, folder);
  }

  /// A VM of which `restore --json` has told.
  static RestoredVm from(String out, Path folder) throws Exception {
    JsonObject report = JsonValue.parse(out).asObject();
    ProcessHandle process = ProcessHandle.of(report.longValue("pid")).orElseThrow();
    return new RestoredVm(report, process, folder);
  }

  String runState() {
    return report.string("run_state");
  }

  Path qmp() {
    String address = report.string("qmp");
    return Path.of(address.startsWith("unix:") ? address.substring(5) : address);
  }

  /// The file in its folder whose name ends so.
  Path file(String ending) throws Exception {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> found = files.filter(file -> file.toString().endsWith(ending)).toList();
      if (found.size() != 1) {
        throw new AssertionError("not one " + ending + " in " + folder + ": " + found);
      }
      return found.getFirst();
    }
  }

  @Override
  public void close() {
    Commands.kill(process);
  }
}
