// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver;

import dev.tidemark.checkpoint.CheckpointTarget;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.QmpException;
import dev.tidemark.qmp.command.MigrationInfo;
import dev.tidemark.qmp.command.MigrationStatus;
import dev.tidemark.qmp.command.QueryMigrate;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.saver.guard.SettingsGuard;
import dev.tidemark.saver.method.MigrationRun;
import dev.tidemark.saver.method.Steering;
import dev.tidemark.saver.pipeline.Rehearsal;
import dev.tidemark.saver.pipeline.StreamReceiver;
import dev.tidemark.stream.vmstate.GlobalState;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Saves a running VM while its guest goes on executing.
///
/// ```java
/// try (QmpClient qmp = QmpClient.connect(QmpAddress.unix(socket));
///     FileTarget target = FileTarget.create(file)) {
///   SaveReport report = LiveSaver.of(qmp, SaveOptions.defaults()).save(target);
/// }
/// ```
///
/// However a save ends, the VM is what it was before: running, or paused. [#save] may be called
/// once; [#cancel] by any thread.
public final class LiveSaver {
  private static final Set<RunState> NOT_SAVABLE =
      Set.of(
          RunState.Known.INMIGRATE,
          RunState.Known.POSTMIGRATE,
          RunState.Known.FINISH_MIGRATE,
          RunState.Known.RESTORE_VM,
          RunState.Known.SAVE_VM,
          RunState.Known.PRECONFIG,
          RunState.Known.COLO);

  private final QmpClient qmp;
  private final SaveOptions options;
  private final Set<SaveStage> reached = EnumSet.noneOf(SaveStage.class);
  private volatile @Nullable MigrationRun run;
  private volatile boolean cancelled;

  private LiveSaver(QmpClient qmp, SaveOptions options) {
    this.qmp = qmp;
    this.options = options;
  }

  /// A saver for one save.
  ///
  /// @param qmp the VM; stays open
  /// @param options how to save it
  public static LiveSaver of(QmpClient qmp, SaveOptions options) {
    return new LiveSaver(qmp, options);
  }

  /// Saves the VM and commits the target.
  ///
  /// @param target where the archive goes; not closed here, and nothing is visible there if this
  /// throws
  /// @return what it cost
  /// @throws SaveException if the VM cannot be saved as asked, QEMU ended the migration, or
  ///     [#cancel] was called
  /// @throws QmpException if QEMU refuses a command or cannot be reached
  /// @throws IOException if the archive cannot be written
  /// @throws InterruptedException if the calling thread is interrupted; the VM is put back
  public SaveReport save(CheckpointTarget target) throws IOException, InterruptedException {
    Instant created = Instant.now();
    long beginNanos = System.nanoTime();
    options.listener().progress(new SaveProgress.SettingUp());
    SettingsGuard.putBackLeftOvers(qmp);
    SourceFacts source = SourceFacts.of(qmp);
    check(source);
    Rehearsal.run();
    reach(SaveStage.CONNECTED);

    Steering steering = new Steering(options);
    boolean returnPath = !source.vmdescSuppressed();
    List<String> capabilities = capabilities(returnPath);
    SettingsGuard settings =
        SettingsGuard.change(
            qmp,
            source.runState(),
            Set.copyOf(capabilities),
            JsonObject.of(
                "downtime-limit", steering.firstLimit(), "max-bandwidth", steering.bandwidth()));
    try (MigrationRun migration =
        new MigrationRun(
            qmp,
            options,
            steering,
            target,
            returnPath,
            source.runState(),
            stage -> arrive(stage, source))) {
      reach(SaveStage.CAPABILITIES_SET);
      run = migration;
      if (cancelled) {
        throw new SaveException.Cancelled();
      }
      migration.run();
      // The checkpoint is good whatever becomes of the VM now.
      if (!settings.tryPutBack()) {
        migration.warn(
            "the VM's migration settings could not be put back; the next save, or doctor --qmp, does"
                + " it");
      }
      return store(target, source, migration, steering, created, beginNanos);
    } finally {
      run = null;
      settings.tryPutBack();
    }
  }

  /// Breaks the save off, soon. The VM goes on, nothing is published; [#save] throws
  /// [SaveException.Cancelled].
  public void cancel() {
    cancelled = true;
    MigrationRun running = run;
    if (running != null) {
      running.cancel();
    }
  }

  /// The migration capabilities that a save turns on; all others are off meanwhile.
  private static List<String> capabilities(boolean returnPath) {
    return returnPath ? List.of("events", "return-path") : List.of("events");
  }

  private SaveReport store(
      CheckpointTarget target,
      SourceFacts source,
      MigrationRun migration,
      Steering steering,
      Instant created,
      long beginNanos)
      throws IOException {
    StreamReceiver receiver = migration.receiver();
    reach(SaveStage.DRAINING);
    options.listener().progress(new SaveProgress.Draining(receiver.tablePages()));
    StreamReceiver.Counters counters = receiver.counters();
    receiver.drain();
    Optional<SaveReport.Downtime> downtime = migration.downtime();
    DeviceState state =
        GlobalState.withRunState(receiver.deviceState(), source.runState().wireName());
    Manifest manifest =
        source.manifest(
            created,
            options.method(),
            capabilities(!source.vmdescSuppressed()),
            new Manifest.Timing(
                downtime.map(SaveReport.Downtime::total),
                migration.streamTime(),
                counters.pagesSent(),
                counters.pagesResent()));
    long fileBytes = receiver.finish(state, manifest);
    reach(SaveStage.BEFORE_FSYNC);
    target.sync();
    reach(SaveStage.BEFORE_RENAME);
    if (cancelled) {
      throw new SaveException.Cancelled();
    }
    target.commit();
    reach(SaveStage.AFTER);
    SaveReport report =
        new SaveReport(
            options.method(),
            source.runState().wireName(),
            downtime,
            migration.streamTime(),
            Duration.ofNanos(System.nanoTime() - beginNanos),
            migration.iterations(),
            migration.streamBytes(),
            fileBytes,
            receiver.ramBytes(),
            counters.pagesSent(),
            counters.zeroPages(),
            counters.pagesResent(),
            counters.tablePeakPages(),
            counters.spills(),
            counters.pagesSpilled(),
            counters.pagesSpilledWhileStopped(),
            warnings(source, migration, steering, downtime, counters));
    options.listener().progress(new SaveProgress.Completed(report));
    return report;
  }

  private List<String> warnings(
      SourceFacts source,
      MigrationRun migration,
      Steering steering,
      Optional<SaveReport.Downtime> downtime,
      StreamReceiver.Counters counters) {
    List<String> warnings = new ArrayList<>(migration.warnings());
    if (source.losesWrites(migration.receiver().ramBlocks())) {
      warnings.add(
          "QEMU "
              + source.version().number()
              + " without KVM can miss what the guest wrote during a live migration, so this checkpoint"
              + " may be inconsistent; pause the VM before saving it, or use KVM or QEMU 9.0 or newer");
    }
    if (options.method() == SaveMethod.PRECOPY) {
      downtime
          .map(d -> d.total().minus(options.maxPause()))
          .filter(over -> over.isPositive())
          .ifPresent(
              over ->
                  warnings.add(
                      "the guest stood %.1f ms longer than the %.1f ms allowed%s"
                          .formatted(
                              over.toNanos() / 1e6,
                              options.maxPause().toNanos() / 1e6,
                              steering.isForced()
                                  ? ": it dirtied memory faster than could be saved, and the time"
                                      + " budget was spent"
                                  : "")));
    }
    if (counters.pagesSpilledWhileStopped() > 0 && options.method() == SaveMethod.PRECOPY) {
      warnings.add(
          "the buffer was too small for the last iteration: "
              + counters.pagesSpilledWhileStopped()
              + " pages were written while the guest stood; a larger buffer shortens the pause");
    }
    return List.copyOf(warnings);
  }

  private void check(SourceFacts source) throws IOException, InterruptedException {
    if (NOT_SAVABLE.contains(source.runState())) {
      throw new SaveException.Refused(
          "the VM is in run state "
              + source.runState().wireName()
              + " and cannot be saved; save it when it is running or paused");
    }
    MigrationInfo migration = qmp.execute(new QueryMigrate());
    if (!migration.status().isOver() && migration.status() != MigrationStatus.Known.NONE) {
      throw new SaveException.Refused(
          "a migration of this VM is under way (status "
              + migration.status().wireName()
              + "); wait for its end, or end it with migrate_cancel");
    }
    if (!migration.blockedReasons().isEmpty()) {
      throw new SaveException.Refused(
          "QEMU cannot migrate this VM: " + String.join("; ", migration.blockedReasons()));
    }
    List<String> writable = source.writableDisks();
    if (!writable.isEmpty() && !options.disksNone()) {
      throw new SaveException.DisksUndecided(
          "the VM has writable disks ("
              + String.join(", ", writable)
              + "), and a checkpoint of its memory is of no use without their content at that moment;"
              + " with --disks none they are left out, and keeping them is up to you");
    }
  }

  /// Device state comes only once the guest stands, though the event that says so may come later.
  private void arrive(SaveStage stage, SourceFacts source) {
    if (stage == SaveStage.DEVICE_STATE && source.runState() == RunState.Known.RUNNING) {
      reach(SaveStage.STOPPED);
    }
    reach(stage);
  }

  private void reach(SaveStage stage) {
    synchronized (reached) {
      if (!reached.add(stage)) {
        return;
      }
    }
    options.listener().stage(stage);
  }
}
