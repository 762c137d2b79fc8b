// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.qmp.QmpAddress;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.QmpException;
import dev.tidemark.qmp.QmpOptions;
import dev.tidemark.qmp.command.MigrateIncoming;
import dev.tidemark.qmp.command.MigrationInfo;
import dev.tidemark.qmp.command.MigrationStatus;
import dev.tidemark.qmp.command.QueryMigrate;
import dev.tidemark.qmp.descriptor.SocketPair;
import dev.tidemark.restorer.eager.EagerFeed;
import dev.tidemark.restorer.launch.QemuProcess;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/// A QEMU that waits for a checkpoint, and is watched while it loads one.
final class IncomingVm {
  private static final Duration LOOK = Duration.ofMillis(20);
  /// A QEMU that is starting greets when its memory and devices are there; no other client can hold
  /// its monitor. If it ends meanwhile, so does the wait.
  private static final QmpOptions PATIENT =
      QmpOptions.DEFAULT.withGreetingWait(Duration.ofMinutes(10));

  private static final int SHORT_MILLIS = 2;
  private static final int SETTLE_MILLIS = 500;
  private static final int BUFFER = 4 << 20;
  private static final String DESCRIPTOR = "tidemark-restore";

  private final Optional<QemuProcess> process;
  private final Deadline deadline;

  /// @param process the process if it was started here
  IncomingVm(Optional<QemuProcess> process, Deadline deadline) {
    this.process = process;
    this.deadline = deadline;
  }

  /// What was sent.
  ///
  /// @param bytes how many bytes
  /// @param after when the last one was
  record Sent(long bytes, Duration after) {}

  /// Connects as soon as the monitor of a QEMU that has just been started is there.
  QmpClient connect(QmpAddress address) throws IOException, InterruptedException {
    while (true) {
      check("QEMU ended before its monitor was there");
      if (address instanceof QmpAddress.Unix unix && Files.exists(unix.path())) {
        try {
          return QmpClient.connect(address, PATIENT);
        } catch (QmpException.ConnectFailed e) {
          // Between bind and listen the socket is there and refuses.
          check("QEMU ended before its monitor was there");
        }
      }
      Thread.sleep(SHORT_MILLIS);
    }
  }

  /// Sends a checkpoint and waits until QEMU has it.
  Sent load(
      QmpClient qmp, Checkpoint checkpoint, Optional<String> runState, RestoreProgress progress)
      throws IOException, InterruptedException {
    long total = checkpoint.ramBlocks().stream().mapToLong(RamBlock::usedLength).sum();
    LongConsumer listener = done -> progress.progress(Math.min(done, total), total);
    try (SocketPair pair = SocketPair.open(BUFFER)) {
      qmp.getfd(DESCRIPTOR, pair.remote());
      pair.closeRemote();
      qmp.execute(new MigrateIncoming("fd:" + DESCRIPTOR));
      EagerFeed feed = EagerFeed.start(checkpoint, pair.local(), runState, listener);
      try {
        long bytes = send(feed);
        Duration after = deadline.elapsed();
        awaitCompleted(qmp);
        progress.progress(total, total);
        return new Sent(bytes, after);
      } finally {
        pair.local().shutdown();
        feed.join();
      }
    }
  }

  private long send(EagerFeed feed) throws IOException, InterruptedException {
    try {
      while (true) {
        Optional<Long> bytes = feed.await(LOOK);
        if (bytes.isPresent()) {
          return bytes.get();
        }
        check("QEMU ended while it loaded the checkpoint");
      }
    } catch (EagerFeed.ReceiverGone _) {
      throw failed("QEMU refused the checkpoint");
    }
  }

  private void awaitCompleted(QmpClient qmp) throws IOException, InterruptedException {
    while (true) {
      MigrationInfo info = qmp.execute(new QueryMigrate());
      if (info.status() == MigrationStatus.Known.COMPLETED) {
        return;
      }
      if (info.status().isOver()) {
        throw failed(
            "QEMU could not load the checkpoint"
                + info.errorDesc().map(desc -> " (" + desc + ")").orElse(""));
      }
      check("QEMU ended while it loaded the checkpoint");
      Thread.sleep(SHORT_MILLIS);
    }
  }

  /// Throws if QEMU has ended or the time is over.
  private void check(String whatEnded) throws IOException, InterruptedException {
    if (process.isPresent() && !process.get().isAlive()) {
      throw failed(whatEnded);
    }
    if (deadline.isOver()) {
      throw failed("not restored within " + deadline.limit().toMillis() + " ms");
    }
  }

  /// What a failure of the monitor's means: mostly that QEMU has ended, and has said why.
  IOException explained(QmpException e) throws InterruptedException {
    boolean ended = process.isPresent() && process.get().waitFor(SETTLE_MILLIS);
    return ended ? failed("QEMU ended while it loaded the checkpoint") : e;
  }

  private RestoreFailed failed(String what) throws InterruptedException {
    if (process.isEmpty()) {
      return new RestoreFailed(what, List.of());
    }
    // It says why as it ends.
    if (!deadline.isOver()) {
      process.get().waitFor(SETTLE_MILLIS);
    }
    return new RestoreFailed(what, process.get().lastLines());
  }
}
