// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.Cont;
import dev.tidemark.restorer.Restoration;
import dev.tidemark.restorer.RestoreOptions;
import dev.tidemark.restorer.Restorer;
import dev.tidemark.saver.LiveSaver;
import dev.tidemark.saver.SaveMethod;
import dev.tidemark.saver.SaveReport;
import dev.tidemark.tools.report.Quantity;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The demo: a VM is booted, checkpointed while its guest works, killed, restored, and the restored
/// guest compares all of its memory with what it must be.
///
/// Used once, by one thread. However it ends, no QEMU and no file is left, but for what is to be
/// kept.
public final class Demo {
  private static final String CHECKPOINT = "demo.tmk";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /// How long the guest works before it is saved, once it is in a walk.
  private static final Duration WORK = Duration.ofMillis(500);

  private final DemoOptions options;
  private final DemoListener listener;
  private final int tickMillis;

  /// A demo.
  ///
  /// @param options how it is run
  /// @param listener told how it gets on
  public Demo(DemoOptions options, DemoListener listener) {
    this.options = options;
    this.listener = listener;
    tickMillis = options.machine().guest().tickMillis();
  }

  /// Runs it.
  ///
  /// @return what it has shown, good or bad
  /// @throws IOException if it cannot be run to its end
  /// @throws InterruptedException if the calling thread is interrupted
  public DemoReport run() throws IOException, InterruptedException {
    try (DemoFolders folders = DemoFolders.make(options.keep())) {
      Path file = folders.checkedTarget(CHECKPOINT);
      Saved saved = bootAndSave(folders, file);
      DemoReport report = restoreAndCheck(folders, file, saved);
      if (options.keep().isPresent()) {
        listener.says("the checkpoint is " + file + "; try: tidemark inspect " + file);
      }
      return report;
    }
  }

  /// What is known once the source VM is gone.
  private record Saved(
      String qemuVersion,
      GuestLine.Hello hello,
      SaveReport save,
      Optional<Duration> pause,
      Optional<Duration> longestGap,
      long tickBefore,
      long tickAfter,
      List<String> problems) {}

  private Saved bootAndSave(DemoFolders folders, Path file)
      throws IOException, InterruptedException {
    long begin = System.nanoTime();
    try (DemoVm vm = DemoVm.boot(options.machine(), folders.home(), folders.source())) {
      GuestConsole console = vm.console();
      GuestLine.Hello hello = console.awaitHello(PATIENCE);
      try (QmpClient qmp = vm.connect()) {
        listener.says(booted(qmp, hello));
        awaitWork(console, hello, begin);
        Saved saved = save(qmp, console, hello, file);
        listener.says(describe(saved));
        vm.kill();
        listener.says("killed the VM");
        return saved;
      }
    }
  }

  private String booted(QmpClient qmp, GuestLine.Hello hello) {
    DemoMachine machine = options.machine();
    return "booted QEMU %s (%s, %s): %s of RAM, of which the guest rewrites %s at %s"
        .formatted(
            qmp.version().number(),
            machine.type(),
            machine.accelerator(),
            Quantity.size(machine.memoryBytes()),
            Quantity.size(hello.workingSetBytes()),
            hello.bytesPerSecond().isPresent()
                ? Quantity.rate(hello.bytesPerSecond().getAsLong())
                : "full speed");
  }

  private void awaitWork(GuestConsole console, GuestLine.Hello hello, long begin)
      throws IOException, InterruptedException {
    // Slow machines fill some 100 MiB a second.
    Duration patience = PATIENCE.plusSeconds(hello.ramBytes() >> 26);
    console.awaitReady(patience);
    console.awaitInWalk(1, patience);
    listener.says(
        "the guest has filled its memory, %s after its start, and works: %d dirty, %d static, %d zero pages"
            .formatted(
                Quantity.duration(Duration.ofNanos(System.nanoTime() - begin)),
                hello.dirty().size() / DemoGuestMemory.PAGE_SIZE,
                hello.staticPages(),
                hello.zeroPages()));
    Thread.sleep(WORK);
  }

  private Saved save(QmpClient qmp, GuestConsole console, GuestLine.Hello hello, Path file)
      throws IOException, InterruptedException {
    listener.says(
        options.save().method() == SaveMethod.PRECOPY
            ? "saving it while it works ..."
            : "saving it while it stands ...");
    long tickBefore = lastTick(console);
    Instant beginTime = Instant.now();
    long begin = System.nanoTime();
    SaveReport report;
    try (FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
      report = LiveSaver.of(qmp, options.save()).save(target);
    }
    long end = System.nanoTime();
    long tickAfter = awaitTickAfter(console, end);
    List<String> problems = new ArrayList<>(DemoVerdict.ofSource(console));
    if (tickAfter <= tickBefore) {
      problems.add("the source guest's ticks did not go on");
    }
    return new Saved(
        qmp.version().number(),
        hello,
        report,
        report.downtime().flatMap(stood -> gapAround(console, stood, beginTime, begin)),
        gap(console, begin, end),
        tickBefore,
        tickAfter,
        problems);
  }

  /// The longest gap between ticks in which the guest stood. QEMU runs on this machine, so its
  /// clock is
  /// ours.
  private Optional<Duration> gapAround(
      GuestConsole console, SaveReport.Downtime stood, Instant beginTime, long beginNanos) {
    long stopped = beginNanos + Duration.between(beginTime, stood.stopped()).toNanos();
    return gap(console, stopped, stopped + stood.total().toNanos());
  }

  private Optional<Duration> gap(GuestConsole console, long fromNanos, long toNanos) {
    return console.longestGap(fromNanos, toNanos).map(gap -> gap.beyond(tickMillis));
  }

  private static long lastTick(GuestConsole console) {
    return console.lastTick().map(GuestLine.Tick::number).orElse(0L);
  }

  /// The last tick once the source guest is known to go on after the save.
  private long awaitTickAfter(GuestConsole console, long nanos) throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(5).toNanos();
    while (console.lastTickNanos().orElse(nanos) - nanos <= 0 && System.nanoTime() < deadline) {
      Thread.sleep(2);
    }
    return lastTick(console);
  }

  private String describe(Saved saved) {
    SaveReport save = saved.save();
    return "saved in %s: %s for %s of RAM; %d ticks meanwhile"
        .formatted(
            Quantity.duration(save.totalTime()),
            Quantity.size(save.fileBytes()),
            Quantity.size(save.ramBytes()),
            (saved.tickAfter() - saved.tickBefore()) / Math.max(1, tickMillis));
  }

  private DemoReport restoreAndCheck(DemoFolders folders, Path file, Saved saved)
      throws IOException, InterruptedException {
    listener.says("restoring ...");
    Restoration restored = restore(folders, file);
    try (DemoVm vm = DemoVm.adopt(restored, tickMillis)) {
      long resumeBegin = System.nanoTime();
      try (QmpClient qmp = vm.connect()) {
        qmp.execute(new Cont());
      }
      long running = System.nanoTime();
      Restoration.Timings timings = restored.timings();
      DemoReport.Restore restore =
          new DemoReport.Restore(
              timings.untilDone().plusNanos(running - resumeBegin),
              timings.untilDone().minus(timings.untilConnected()),
              timings.bytesSent());
      listener.says(
          "restored in %s; it goes on, and compares all of its memory ..."
              .formatted(Quantity.duration(restore.untilRunning())));
      DemoReport.Restored found = check(vm.console(), saved, running);
      List<String> problems = new ArrayList<>(saved.problems());
      problems.addAll(DemoVerdict.ofRestored(vm.console(), found, saved.tickAfter(), tickMillis));
      return new DemoReport(
          saved.qemuVersion(),
          saved.hello(),
          saved.save(),
          saved.pause(),
          saved.longestGap(),
          (saved.tickAfter() - saved.tickBefore()) / Math.max(1, tickMillis),
          restore,
          found,
          options.keep().map(_ -> file),
          problems);
    }
  }

  private Restoration restore(DemoFolders folders, Path file) throws IOException {
    // Paused, so that the console is connected before the guest says its first word.
    RestoreOptions how =
        RestoreOptions.DEFAULT
            .withPaused(true)
            .withRunFolder(folders.restored())
            .withProgress((sent, total) -> listener.progress("restoring", sent, total));
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      return Restorer.of(checkpoint).options(how).launch();
    }
  }

  private DemoReport.Restored check(GuestConsole console, Saved saved, long runningSince)
      throws IOException, InterruptedException {
    long perWalk = 10 + (saved.hello().ramBytes() >> 25);
    Duration patience = PATIENCE.plusSeconds(perWalk).plus(walkTime(saved.hello()).multipliedBy(2));
    if (tickMillis > 0) {
      console.awaitTick(PATIENCE);
    }
    // The walk that it was in when it was saved had begun before: it does not count.
    for (int walk = 0; walk <= options.walks(); walk++) {
      console.awaitWalks(walk + 1, patience);
      listener.progress("checking", walk + 1, options.walks() + 1);
    }
    return new DemoReport.Restored(
        options.walks(),
        console.lastWalk().map(GuestLine.Walk::checked).orElse(0L),
        console.wrong(),
        saved.tickBefore(),
        console.firstTick().map(GuestLine.Tick::number).orElse(0L),
        console.tickCount(),
        Duration.ofNanos(System.nanoTime() - runningSince));
  }

  private static Duration walkTime(GuestLine.Hello hello) {
    long rate = Math.max(1, hello.bytesPerSecond().orElse(64L << 20));
    return Duration.ofSeconds(1 + hello.workingSetBytes() / rate);
  }
}
