// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver.method;

import dev.tidemark.checkpoint.CheckpointTarget;
import dev.tidemark.qmp.Event;
import dev.tidemark.qmp.EventListener;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.QmpException;
import dev.tidemark.qmp.command.Closefd;
import dev.tidemark.qmp.command.Cont;
import dev.tidemark.qmp.command.Migrate;
import dev.tidemark.qmp.command.MigrateCancel;
import dev.tidemark.qmp.command.MigrateSetParameters;
import dev.tidemark.qmp.command.MigrationInfo;
import dev.tidemark.qmp.command.MigrationStatus;
import dev.tidemark.qmp.command.QueryMigrate;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.command.RamStats;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.qmp.command.VmStatus;
import dev.tidemark.qmp.descriptor.SocketPair;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.saver.SaveException;
import dev.tidemark.saver.SaveOptions;
import dev.tidemark.saver.SaveProgress;
import dev.tidemark.saver.SaveReport;
import dev.tidemark.saver.SaveStage;
import dev.tidemark.saver.guard.SettingsGuard;
import dev.tidemark.saver.pipeline.StreamReceiver;
import dev.tidemark.saver.pipeline.ThrottledChannel;
import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// One migration from a running QEMU into a [StreamReceiver], from `migrate` until the VM is what
/// it was.
///
/// Threads: the caller's starts it, steers it and reports; `tidemark-read` receives and, with the
/// last byte, ends the migration; `tidemark-events` sees STOP and RESUME.
///
/// The end. With a return path QEMU waits for the receiver's last word, and SHUT with another value
/// than 0 makes the migration fail: QEMU itself then puts the VM back as it was, never having
/// released its disks. Where the end of the stream cannot be seen (no vmdesc) the plain way is
/// taken: the migration completes, and `cont` starts the guest again.
public final class MigrationRun implements AutoCloseable {
  private static final String DESCRIPTOR_NAME = "tidemark";
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration UNTIL_BACK = Duration.ofSeconds(30);
  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final Duration LONGEST_SILENCE = Duration.ofSeconds(30);
  private static final int SOCKET_BUFFER = 4 << 20;

  /// Return-path message SHUT with value 1: `migrate_send_rp_shut` in `migration/migration.c`.
  private static final byte[] SHUT_1 = {0, 1, 0, 4, 0, 0, 0, 1};

  private final QmpClient qmp;
  private final SaveOptions options;
  private final boolean returnPath;
  private final RunState runState;
  private final StreamReceiver.Stages stages;
  private final Steering steering;
  private final SocketPair sockets;
  private final ThrottledChannel channel;
  private final StreamReceiver receiver;

  private final CountDownLatch received = new CountDownLatch(1);
  private final CountDownLatch resumed = new CountDownLatch(1);
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private volatile @Nullable Instant stopAt;
  private volatile @Nullable Instant resumeAt;
  private volatile boolean cancelled;

  private boolean standsForGood;
  private @Nullable Thread reader;
  private long startNanos;
  private long iterations;
  private final List<String> warnings = new ArrayList<>();

  /// A migration that has not begun.
  ///
  /// @param qmp the VM; its capabilities are set
  /// @param options the save's
  /// @param steering decides when the guest is stopped
  /// @param target where the archive goes
  /// @param returnPath whether the capability `return-path` is on and the end can be seen
  /// @param runState the VM's run state
  /// @param stages told of the stages up to SHUT
  /// @throws IOException if there is no socket
  public MigrationRun(
      QmpClient qmp,
      SaveOptions options,
      Steering steering,
      CheckpointTarget target,
      boolean returnPath,
      RunState runState,
      StreamReceiver.Stages stages)
      throws IOException {
    this.qmp = qmp;
    this.options = options;
    this.steering = steering;
    this.returnPath = returnPath;
    this.runState = runState;
    this.stages = stages;
    this.sockets = SocketPair.open(SOCKET_BUFFER);
    this.channel =
        new ThrottledChannel(
            sockets.local(), sockets.local()::shutdown, options.receiveBytesPerSecond());
    this.receiver = new StreamReceiver(channel, target, options, stages);
  }

  /// Runs the migration. When it returns, the whole stream has been received and the VM is what it
  /// was; when it throws, the VM is what it was as far as QEMU can still be reached.
  ///
  /// @throws SaveException if QEMU ended the migration, or the save was cancelled
  /// @throws IOException if the stream cannot be read or stored
  public void run() throws IOException, InterruptedException {
    try (EventListener events = qmp.listen("STOP", "RESUME")) {
      qmp.getfd(DESCRIPTOR_NAME, sockets.remote());
      sockets.closeRemote();
      start("tidemark-events", () -> follow(events));
      reader = start("tidemark-read", this::receive);
      try {
        qmp.execute(new Migrate("fd:" + DESCRIPTOR_NAME));
      } catch (QmpException e) {
        channel.shutdown();
        closeDescriptor();
        throw e;
      }
      startNanos = System.nanoTime();
      if (cancelled) {
        channel.shutdown();
      }
      while (!received.await(POLL.toMillis(), TimeUnit.MILLISECONDS)) {
        steer();
      }
      awaitBack();
    } catch (InterruptedException e) {
      channel.shutdown();
      throw e;
    }
  }

  /// Breaks the migration off, from any thread; [#run] throws [SaveException.Cancelled].
  public void cancel() {
    cancelled = true;
    channel.shutdown();
  }

  /// What has received the stream.
  public StreamReceiver receiver() {
    return receiver;
  }

  /// From `migrate` accepted to the last byte of the stream.
  public Duration streamTime() {
    return Duration.ofNanos(receiver.endNanos() - startNanos);
  }

  /// Bytes of the stream received so far.
  public long streamBytes() {
    return channel.bytes();
  }

  /// How many dirty syncs QEMU made.
  public long iterations() {
    return iterations;
  }

  /// Notes what did not go as asked.
  ///
  /// @param warning one line
  public void warn(String warning) {
    warnings.add(warning);
  }

  /// What did not go as asked.
  public List<String> warnings() {
    return warnings;
  }

  /// How long the guest stood; absent where it was not running.
  public Optional<SaveReport.Downtime> downtime() {
    Instant stop = stopAt;
    Instant resume = resumeAt;
    if (stop == null || resume == null) {
      return Optional.empty();
    }
    Duration toEnd = atLeastZero(Duration.between(stop, receiver.endTime()));
    Duration toLastPage =
        receiver.lastPageTime().map(t -> atLeastZero(Duration.between(stop, t))).orElse(toEnd);
    Duration total = Duration.between(stop, resume);
    return Optional.of(
        new SaveReport.Downtime(
            stop, total, toLastPage, atLeastZero(toEnd.minus(toLastPage)), total.minus(toEnd)));
  }

  @Override
  public void close() throws IOException {
    channel.shutdown();
    awaitReader();
    try (sockets) {
      receiver.close();
    }
  }

  /// What the reader uses is given back only when it has ended.
  private void awaitReader() {
    Thread running = reader;
    if (running != null) {
      try {
        running.join(UNTIL_BACK);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void receive() {
    try {
      receiver.receive();
      if (returnPath) {
        ByteBuffer shut = ByteBuffer.wrap(SHUT_1);
        while (shut.hasRemaining()) {
          sockets.local().write(shut);
        }
      }
      stages.reached(SaveStage.SHUT_SENT);
    } catch (IOException | RuntimeException | Error e) {
      failure.compareAndSet(null, e);
      // A receiver that does not read holds the guest: let QEMU see at once that it is gone.
      channel.shutdown();
    } finally {
      received.countDown();
    }
  }

  private void follow(EventListener events) {
    try {
      while (true) {
        Optional<Event> next = events.next(Duration.ofSeconds(1));
        if (next.isEmpty()) {
          continue;
        }
        if (runState != RunState.Known.RUNNING) {
          continue; // what moves now is only the way back to paused
        }
        if (next.get().name().equals("STOP") && stopAt == null) {
          stopAt = next.get().timestamp();
          receiver.guestStopped();
        } else if (next.get().name().equals("RESUME") && stopAt != null && resumeAt == null) {
          resumeAt = next.get().timestamp();
          resumed.countDown();
        }
      }
    } catch (QmpException | IllegalStateException e) {
      // The connection has ended, or the save has: nothing more to hear.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void steer() throws QmpException, InterruptedException {
    if (stopAt != null) {
      return;
    }
    MigrationInfo info = qmp.execute(new QueryMigrate());
    Optional<RamStats> ram = info.ram();
    long now = System.nanoTime() - startNanos;
    long bytes = channel.bytes();
    long rate = rate(now, bytes);
    iterations = ram.map(RamStats::dirtySyncCount).orElse(0L);
    JsonObject change = steering.observe(now, rate, iterations);
    if (!change.isEmpty() && stopAt == null) {
      qmp.execute(new MigrateSetParameters(change));
    }
    watch(info);
    options
        .listener()
        .progress(
            new SaveProgress.Iterating(
                iterations,
                bytes,
                receiver.ramBytes(),
                ram.map(RamStats::remaining).orElse(0L),
                rate,
                ram.map(r -> r.dirtyPagesRate() * r.pageSize()).orElse(0L),
                Duration.ofNanos(now),
                rate > 0
                    ? ram.map(r -> Duration.ofMillis(r.remaining() * 1000 / rate))
                    : Optional.empty()));
  }

  /// QEMU closes the socket when a migration fails; should it not, or should it send nothing any
  /// more, the save must not wait for ever.
  private void watch(MigrationInfo info) {
    if (info.status() == MigrationStatus.Known.FAILED
        || info.status() == MigrationStatus.Known.CANCELLED) {
      channel.shutdown();
    } else if (channel.waiting().compareTo(LONGEST_SILENCE) > 0) {
      failure.compareAndSet(
          null,
          new SaveException.MigrationFailed(
              "QEMU has sent nothing for "
                  + LONGEST_SILENCE.toSeconds()
                  + " s (migration status "
                  + info.status().wireName()
                  + ")"));
      channel.shutdown();
    }
  }

  private long lastNanos;
  private long lastBytes;

  private long rate(long nowNanos, long bytes) {
    long nanos = Math.max(1, nowNanos - lastNanos);
    long rate = (long) ((bytes - lastBytes) * 1e9 / nanos);
    lastNanos = nowNanos;
    lastBytes = bytes;
    return rate;
  }

  /// Waits until the VM is what it was, helps where it does not come back by itself, and throws
  /// what has failed.
  private void awaitBack() throws IOException, InterruptedException {
    Throwable failed = failure.get();
    String qemuSays;
    try {
      qemuSays = bringBack(failed != null);
    } catch (QmpException e) {
      if (failed == null) {
        // The whole stream is here: the checkpoint is good whatever has become of the VM.
        warnings.add("QEMU could not be reached after the stream had ended: " + e.getMessage());
        return;
      }
      failed.addSuppressed(e);
      qemuSays = String.valueOf(e.getMessage());
    }
    if (cancelled) {
      throw new SaveException.Cancelled();
    }
    switch (failed) {
      case null -> {}
      case StreamException.Truncated e ->
          throw new SaveException.MigrationFailed(
              "QEMU ended the migration early" + (qemuSays.isEmpty() ? "" : ": " + qemuSays), e);
      case IOException e -> throw e;
      case Throwable e -> throw new IllegalStateException("receiving the stream failed", e);
    }
    if (runState == RunState.Known.RUNNING
        && !standsForGood
        && !resumed.await(2, TimeUnit.SECONDS)) {
      warnings.add("QEMU did not say when the guest was running again; the pause is not known");
    }
  }

  /// @return what QEMU says of the end of the migration; may be empty
  private String bringBack(boolean broken) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + UNTIL_BACK.toNanos();
    boolean cancelSent = false;
    while (true) {
      MigrationInfo info = qmp.execute(new QueryMigrate());
      VmStatus now = qmp.execute(new QueryStatus());
      boolean over = info.status().isOver() || info.status() == MigrationStatus.Known.NONE;
      if (over && now.status().equals(runState)) {
        iterations = Math.max(iterations, info.ram().map(RamStats::dirtySyncCount).orElse(0L));
        return info.errorDesc().orElse("");
      }
      boolean underWay = now.status() == RunState.Known.FINISH_MIGRATE;
      if (over && !underWay && now.status() != RunState.Known.POSTMIGRATE) {
        // Somebody has paused it meanwhile, or it has ended: that is not ours to undo.
        warnings.add(
            "the VM was %s and is %s now, by somebody else's doing or its guest's"
                .formatted(runState.wireName(), now.status().wireName()));
        standsForGood = true;
        return info.errorDesc().orElse("");
      } else if (over && runState == RunState.Known.RUNNING) {
        if (!underWay || System.nanoTime() > deadline - UNTIL_BACK.toNanos() + PATIENCE.toNanos()) {
          contUnlessLocked();
        }
      } else if (over && now.status() == RunState.Known.POSTMIGRATE) {
        leavePostmigrate();
        return info.errorDesc().orElse("");
      } else if (broken && !cancelSent) {
        qmp.execute(new MigrateCancel());
        cancelSent = true;
      }
      if (System.nanoTime() > deadline) {
        throw new SaveException.MigrationFailed(
            "the VM is "
                + now.status().wireName()
                + ", not "
                + runState.wireName()
                + " as before; look at it with query-status, and start it with cont");
      }
      Thread.sleep(2);
    }
  }

  /// Some QEMUs leave a VM that was paused in `postmigrate`, from where it could not be saved
  /// again.
  private void leavePostmigrate() throws IOException, InterruptedException {
    if (runState != RunState.Known.PAUSED) {
      warnings.add(
          "this QEMU leaves a VM that was "
              + runState.wireName()
              + " in run state postmigrate; cont starts it");
      return;
    }
    SettingsGuard.pauseAgain(qmp);
    warnings.add(
        "this QEMU does not put a paused VM back; it was started and stopped again at once, and its"
            + " guest may have run for a moment, after the checkpoint");
  }

  /// Another process may hold an image's lock for a moment: then it is tried again.
  private void contUnlessLocked() throws QmpException, InterruptedException {
    try {
      qmp.execute(new Cont());
    } catch (QmpException.CommandFailed e) {
      Thread.sleep(50);
    }
  }

  private void closeDescriptor() throws InterruptedException {
    try {
      qmp.execute(new Closefd(DESCRIPTOR_NAME));
    } catch (QmpException e) {
      // QEMU has taken it, or is gone.
    }
  }

  private static Duration atLeastZero(Duration duration) {
    return duration.isNegative() ? Duration.ZERO : duration;
  }

  private static Thread start(String name, Runnable job) {
    return Thread.ofPlatform().name(name).daemon(true).start(job);
  }
}
