// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.qmp.QmpAddress;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.QmpException;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.command.Raw;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.restorer.launch.QemuArgument;
import dev.tidemark.restorer.launch.QemuCommandLine;
import dev.tidemark.restorer.launch.QemuProcess;
import dev.tidemark.restorer.preflight.Finding;
import dev.tidemark.restorer.preflight.Preflight;
import dev.tidemark.restorer.preflight.PreflightRefused;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Brings a checkpoint back.
///
/// ```java
/// try (Checkpoint checkpoint = …) {
///   RestoreOptions paused = RestoreOptions.DEFAULT.withPaused(true);
///   Restoration vm = Restorer.of(checkpoint).options(paused).launch();
/// }
/// ```
///
/// A saved VM that still runs is never touched: not its sockets, not its files, not its memory. The
/// checkpoint may be closed once [#launch] has returned.
public final class Restorer {
  private final Checkpoint checkpoint;
  private final RestoreOptions options;

  private Restorer(Checkpoint checkpoint, RestoreOptions options) {
    this.checkpoint = checkpoint;
    this.options = options;
  }

  /// A restorer with [RestoreOptions#DEFAULT].
  ///
  /// @param checkpoint what is brought back; not closed
  /// @return the restorer
  public static Restorer of(Checkpoint checkpoint) {
    return new Restorer(checkpoint, RestoreOptions.DEFAULT);
  }

  /// The same restorer with other options.
  ///
  /// @param other the options
  /// @return a restorer with them
  public Restorer options(RestoreOptions other) {
    return new Restorer(checkpoint, other);
  }

  /// Brings the checkpoint back, and returns when its VM runs, or is paused if that is its state.
  ///
  /// @return where the VM is
  /// @throws PreflightRefused if it would fail; nothing has been started
  /// @throws RestoreFailed if QEMU does not go along
  /// @throws QmpException if a QEMU that was waiting cannot be talked to
  /// @throws InterruptedIOException if this thread is interrupted
  /// @throws IOException if the checkpoint cannot be read, or nothing can be started
  public Restoration launch() throws IOException {
    try {
      return switch (options.target()) {
        case RestoreTarget.Saved _ -> launch(LaunchPlans.saved(checkpoint));
        case RestoreTarget.Given(List<String> arguments) ->
            launch(LaunchPlans.given(checkpoint, arguments));
        case RestoreTarget.Waiting(QmpAddress address) -> feed(address);
      };
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  private static void addHook(Thread hook) throws InterruptedIOException {
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException _) {
      // The process is ending already: what was started ends with it.
      throw new InterruptedIOException("interrupted");
    }
  }

  private Restoration launch(LaunchPlans.Source source) throws IOException, InterruptedException {
    RunFolders folder = RunFolders.open(options.runFolder());
    boolean done = false;
    try {
      Restoration restoration = launch(source, folder);
      done = true;
      return restoration;
    } finally {
      if (!done) {
        folder.remove();
      }
    }
  }

  private Restoration launch(LaunchPlans.Source source, RunFolders folder)
      throws IOException, InterruptedException {
    Preflight.Target target = LaunchPlans.target(checkpoint, source, folder.path());
    List<Finding> findings = Preflight.check(checkpoint, target);
    Preflight.requireNoRefusal(findings);
    QemuCommandLine line = target.plan().commandLine();
    if (options.paused() || (target.plan().pauseAsked() && source.keepsPause())) {
      List<QemuArgument> withPause = new ArrayList<>(line.arguments());
      withPause.add(QemuArgument.Option.flag("S"));
      line = new QemuCommandLine(withPause);
    }
    Deadline deadline = new Deadline(options.deadline());
    QemuProcess process =
        QemuProcess.start(
            target.executable(),
            line.render(),
            target.workingDirectory(),
            folder.path().resolve("qemu.out"),
            options.stdio());
    Thread hook =
        Thread.ofPlatform()
            .name("tidemark-restore-cleanup")
            .unstarted(
                () -> {
                  process.kill();
                  folder.remove();
                });
    boolean done = false;
    try {
      addHook(hook);
      QmpAddress qmp = QmpAddress.unix(target.plan().qmpSocket());
      Loaded loaded = load(qmp, process, deadline);
      List<String> command = new ArrayList<>(List.of(target.executable().toString()));
      command.addAll(line.render());
      done = true;
      return new Restoration(
          Optional.of(process.handle()),
          qmp,
          Optional.of(folder.path()),
          command,
          target.plan().replacements(),
          findings,
          loaded.runState(),
          loaded.timings());
    } finally {
      removeHook(hook);
      if (!done) {
        process.kill();
      }
    }
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // The JVM is ending: the hook runs, and that is right.
    }
  }

  private record Loaded(RunState runState, Restoration.Timings timings) {}

  private Loaded load(QmpAddress address, QemuProcess process, Deadline deadline)
      throws IOException, InterruptedException {
    IncomingVm vm = new IncomingVm(Optional.of(process), deadline);
    try (QmpClient qmp = vm.connect(address)) {
      return load(qmp, vm, deadline, Optional.empty());
    } catch (QmpException e) {
      throw vm.explained(e);
    }
  }

  private Loaded load(
      QmpClient qmp, IncomingVm vm, Deadline deadline, Optional<String> sentRunState)
      throws IOException, InterruptedException {
    Duration connected = deadline.elapsed();
    IncomingVm.Sent sent = vm.load(qmp, checkpoint, sentRunState, options.progress());
    RunState state = qmp.execute(new QueryStatus()).status();
    return new Loaded(
        state, new Restoration.Timings(connected, sent.after(), deadline.elapsed(), sent.bytes()));
  }

  private Restoration feed(QmpAddress address) throws IOException, InterruptedException {
    Deadline deadline = new Deadline(options.deadline());
    try (QmpClient qmp = QmpClient.connect(address)) {
      List<Finding> findings = checkWaiting(qmp);
      IncomingVm vm = new IncomingVm(Optional.empty(), deadline);
      Optional<String> paused = options.paused() ? Optional.of("paused") : Optional.empty();
      Loaded loaded = load(qmp, vm, deadline, paused);
      return new Restoration(
          qmp.peerPid().flatMap(ProcessHandle::of),
          address,
          Optional.empty(),
          List.of(),
          List.of(),
          findings,
          loaded.runState(),
          loaded.timings());
    }
  }

  private List<Finding> checkWaiting(QmpClient qmp) throws IOException, InterruptedException {
    RunState state = qmp.execute(new QueryStatus()).status();
    if (state != RunState.Known.INMIGRATE) {
      throw new PreflightRefused(
          List.of(
              Finding.refusal(
                  "the QEMU at "
                      + qmp.address()
                      + " does not wait for a checkpoint (it is "
                      + state.wireName()
                      + "); start one with -incoming defer")));
    }
    JsonObject type = JsonObject.of("path", "/machine", "property", "type");
    String machine = qmp.execute(new Raw("qom-get", type)).asString();
    List<Finding> findings = Preflight.checkWaiting(checkpoint, machine, qmp.version());
    Preflight.requireNoRefusal(findings);
    return findings;
  }

  /// The command line in a checkpoint's manifest, if it has one.
  ///
  /// @param checkpoint the checkpoint
  /// @return the program and its arguments
  public static Optional<Manifest.CommandLine> savedCommandLine(Checkpoint checkpoint) {
    return checkpoint.manifest().flatMap(Manifest::commandLine);
  }
}
