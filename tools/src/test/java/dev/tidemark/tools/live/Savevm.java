// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.Raw;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.json.JsonArray;
import dev.tidemark.qmp.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Snapshots of VMs in qcow2 images.
final class Savevm {
  private Savevm() {}

  /// Makes an image with `qemu-img`.
  ///
  /// @param options what `-o` is given
  /// @param more what stands behind the file's name, such as its size
  static void create(Path file, String options, String... more) throws Exception {
    List<String> command =
        new ArrayList<>(List.of("qemu-img", "create", "-q", "-f", "qcow2", "-o", options));
    command.add(file.toString());
    command.addAll(List.of(more));
    run(command.toArray(String[]::new));
  }

  /// Runs a program that must go well.
  static void run(String... command) throws Exception {
    int code = Commands.exitCode(command);
    Commands.need(code != 127, "there is no " + command[0]);
    assertThat(code).as("%s", List.of(command)).isZero();
  }

  /// Arguments for a node of the block layer over an image; no device uses it. Nobody waits for the
  /// disk.
  static List<String> node(String name, Path file) {
    return List.of(
        "-blockdev",
        "driver=qcow2,node-name=%s,cache.no-flush=on,file.driver=file,file.filename=%s"
            .formatted(name, file));
  }

  /// Adds such a node to a VM that is there.
  static void add(QmpClient qmp, String name, Path file) throws Exception {
    qmp.execute(
        new Raw(
            "blockdev-add",
            JsonObject.of(
                "driver",
                "qcow2",
                "node-name",
                name,
                "cache",
                JsonObject.of("no-flush", true),
                "file",
                JsonObject.of("driver", "file", "filename", file.toString()))));
  }

  /// Takes a snapshot of the VM, in one node, by a job of `snapshot-save`.
  static void take(QmpClient qmp, String node, String tag) throws Exception {
    String id = "save-" + node + "-" + tag;
    qmp.execute(
        new Raw(
            "snapshot-save",
            JsonObject.of(
                "job-id", id, "tag", tag, "vmstate", node, "devices", JsonArray.of(node))));
    long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
    JsonObject job = job(qmp, id);
    while (!job.string("status").equals("concluded")) {
      assertThat(System.nanoTime()).as("%s", job).isLessThan(end);
      Thread.sleep(5);
      job = job(qmp, id);
    }
    assertThat(job.optString("error")).as("what QEMU said of %s", id).isEmpty();
    qmp.execute(new Raw("job-dismiss", JsonObject.of("id", id)));
  }

  private static JsonObject job(QmpClient qmp, String id) throws Exception {
    return qmp.execute(new Raw("query-jobs", JsonObject.EMPTY)).asArray().objects().stream()
        .filter(job -> job.string("id").equals(id))
        .findFirst()
        .orElseThrow();
  }
}
