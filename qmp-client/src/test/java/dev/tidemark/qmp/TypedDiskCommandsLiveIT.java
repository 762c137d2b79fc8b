// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tidemark.qmp.command.BackupSync;
import dev.tidemark.qmp.command.BlockDirtyBitmapAdd;
import dev.tidemark.qmp.command.BlockDirtyBitmapRemove;
import dev.tidemark.qmp.command.BlockNode;
import dev.tidemark.qmp.command.BlockdevAdd;
import dev.tidemark.qmp.command.BlockdevBackup;
import dev.tidemark.qmp.command.BlockdevCreate;
import dev.tidemark.qmp.command.BlockdevDel;
import dev.tidemark.qmp.command.BlockdevSnapshot;
import dev.tidemark.qmp.command.JobCancel;
import dev.tidemark.qmp.command.JobComplete;
import dev.tidemark.qmp.command.JobDismiss;
import dev.tidemark.qmp.command.JobFinalize;
import dev.tidemark.qmp.command.JobInfo;
import dev.tidemark.qmp.command.JobPause;
import dev.tidemark.qmp.command.JobResume;
import dev.tidemark.qmp.command.JobStatus;
import dev.tidemark.qmp.command.QmpCommand;
import dev.tidemark.qmp.command.QueryJobs;
import dev.tidemark.qmp.command.QueryNamedBlockNodes;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.command.Raw;
import dev.tidemark.qmp.command.SnapshotDelete;
import dev.tidemark.qmp.command.SnapshotLoad;
import dev.tidemark.qmp.command.SnapshotSave;
import dev.tidemark.qmp.command.Transaction;
import dev.tidemark.qmp.command.TransactionAction;
import dev.tidemark.qmp.event.QmpEvent;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.qmp.json.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The typed commands about disks and jobs, each at least once, on every QEMU.
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class TypedDiskCommandsLiveIT {
  private static final String BINARIES = "dev.tidemark.qmp.fixture.LiveQemu#binaries";
  private static final List<String> SMALL = List.of("-m", "64");
  private static final long SIZE = 1 << 20;

  @ParameterizedTest
  @MethodSource(BINARIES)
  void disksAreMadeCopiedAndLayered(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL)) {
      QmpClient qmp = vm.client();
      qcow2(vm, "a", JsonObject.EMPTY);
      qcow2(vm, "copy", JsonObject.EMPTY);
      qcow2(vm, "overlay", JsonObject.of("backing", null));

      try (EventListener events = qmp.listen("BLOCK_JOB_COMPLETED")) {
        qmp.execute(
            new BlockdevBackup("backup", "a", "copy", BackupSync.Known.FULL, Optional.empty()));
        QmpEvent.BlockJobCompleted done =
            (QmpEvent.BlockJobCompleted) events.next(LiveQemu.PATIENCE).orElseThrow().typed();
        assertThat(done.device()).isEqualTo("backup");
        assertThat(done.type()).isEqualTo("backup");
        assertThat(done.offset()).isEqualTo(done.len());
        assertThat(done.error()).isEmpty();
      }
      qmp.execute(new BlockdevSnapshot("a", "overlay"));
      BlockNode overlay =
          qmp.execute(new QueryNamedBlockNodes()).stream()
              .filter(node -> node.nodeName().equals(Optional.of("overlay")))
              .findFirst()
              .orElseThrow();
      assertThat(overlay.backingFile().orElseThrow()).endsWith("/a");
      qmp.execute(new BlockdevDel("overlay"));
      qmp.execute(new BlockdevDel("a"));
      qmp.execute(new BlockdevDel("copy"));
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void ofATransactionAllHappensOrNothing(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL)) {
      QmpClient qmp = vm.client();
      qcow2(vm, "a", JsonObject.EMPTY);
      TransactionAction first = TransactionAction.of(new BlockDirtyBitmapAdd("a", "first", false));
      assertThatExceptionOfType(QmpException.CommandFailed.class)
          .isThrownBy(() -> qmp.execute(new Transaction(List.of(first, TransactionAction.ABORT))));
      assertThat(bitmaps(qmp)).isEmpty();
      qmp.execute(
          new Transaction(
              List.of(first, TransactionAction.of(new BlockDirtyBitmapAdd("a", "second", true)))));
      assertThat(bitmaps(qmp)).containsExactlyInAnyOrder("first", "second");
      qmp.execute(new BlockDirtyBitmapRemove("a", "first"));
      qmp.execute(new BlockDirtyBitmapAdd("a", "third", false));
      assertThat(bitmaps(qmp)).containsExactlyInAnyOrder("second", "third");
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void jobsAreSteered(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL)) {
      QmpClient qmp = vm.client();
      qcow2(vm, "a", JsonObject.EMPTY);
      qcow2(vm, "b", JsonObject.EMPTY);
      qmp.execute(new BlockdevBackup("stay", "a", "b", BackupSync.Known.NONE, Optional.empty()));
      await(qmp, "stay", JobStatus.Known.RUNNING);
      qmp.execute(new JobPause("stay"));
      await(qmp, "stay", JobStatus.Known.PAUSED);
      qmp.execute(new JobResume("stay"));
      await(qmp, "stay", JobStatus.Known.RUNNING);
      qmp.execute(new JobCancel("stay"));
      while (!qmp.execute(new QueryJobs()).isEmpty()) {
        Thread.sleep(10);
      }

      try (EventListener events = qmp.listen("JOB_STATUS_CHANGE")) {
        JsonObject mirror =
            JsonObject.of("job-id", "mirror", "device", "a", "target", "b", "sync", "full");
        qmp.execute(
            new Raw(
                "blockdev-mirror",
                mirror.with("auto-finalize", false).with("auto-dismiss", false)));
        await(qmp, "mirror", JobStatus.Known.READY);
        qmp.execute(new JobComplete("mirror"));
        await(qmp, "mirror", JobStatus.Known.PENDING);
        qmp.execute(new JobFinalize("mirror"));
        await(qmp, "mirror", JobStatus.Known.CONCLUDED);
        qmp.execute(new JobDismiss("mirror"));
        assertThat(qmp.execute(new QueryJobs())).isEmpty();
        QmpEvent first = events.next(LiveQemu.PATIENCE).orElseThrow().typed();
        assertThat(first)
            .isInstanceOfSatisfying(
                QmpEvent.JobStatusChange.class,
                change -> {
                  assertThat(change.id()).isEqualTo("mirror");
                  assertThat(change.status()).isEqualTo(JobStatus.Known.CREATED);
                });
      }
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void snapshotsAreSavedLoadedAndDeleted(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL)) {
      QmpClient qmp = vm.client();
      qcow2(vm, "a", JsonObject.EMPTY);
      List<String> nodes = List.of("a");
      run(qmp, "save", new SnapshotSave("save", "snap", "a", nodes));
      run(qmp, "load", new SnapshotLoad("load", "snap", "a", nodes));
      assertThat(qmp.execute(new QueryStatus()).running()).isTrue();
      run(qmp, "delete", new SnapshotDelete("delete", "snap", nodes));
      qmp.execute(new SnapshotLoad("again", "snap", "a", nodes));
      assertThat(await(qmp, "again", JobStatus.Known.CONCLUDED).error()).isPresent();
    }
  }

  private static void qcow2(LiveQemu vm, String name, JsonObject options) throws Exception {
    QmpClient qmp = vm.client();
    String path = vm.folder().resolve(name).toString();
    String file = name + "-file";
    run(
        qmp,
        "make-file",
        new BlockdevCreate(
            "make-file", JsonObject.of("driver", "file", "filename", path, "size", 0)));
    qmp.execute(
        new BlockdevAdd(JsonObject.of("driver", "file", "node-name", file, "filename", path)));
    run(
        qmp,
        "format",
        new BlockdevCreate("format", JsonObject.of("driver", "qcow2", "file", file, "size", SIZE)));
    JsonObject node = JsonObject.of("driver", "qcow2", "node-name", name, "file", file);
    for (var option : options.members().entrySet()) {
      node = node.with(option.getKey(), option.getValue());
    }
    qmp.execute(new BlockdevAdd(node));
  }

  /// Runs a job to its good end.
  private static void run(QmpClient qmp, String id, QmpCommand<?> command) throws Exception {
    qmp.execute(command);
    JobInfo job = await(qmp, id, JobStatus.Known.CONCLUDED);
    assertThat(job.error()).as("%s", job).isEmpty();
    assertThat(job.currentProgress()).isEqualTo(job.totalProgress());
    qmp.execute(new JobDismiss(id));
  }

  private static JobInfo await(QmpClient qmp, String id, JobStatus wanted) throws Exception {
    while (true) {
      JobInfo job =
          qmp.execute(new QueryJobs()).stream()
              .filter(each -> each.id().equals(id))
              .findFirst()
              .orElseThrow();
      if (job.status().equals(wanted)) {
        return job;
      }
      Thread.sleep(10);
    }
  }

  private static List<String> bitmaps(QmpClient qmp) throws Exception {
    return qmp.execute(new QueryNamedBlockNodes()).stream()
        .filter(node -> node.nodeName().equals(Optional.of("a")))
        .flatMap(node -> node.raw().optArray("dirty-bitmaps").stream())
        .flatMap(bitmaps -> bitmaps.objects().stream())
        .map(bitmap -> bitmap.string("name"))
        .toList();
  }
}
