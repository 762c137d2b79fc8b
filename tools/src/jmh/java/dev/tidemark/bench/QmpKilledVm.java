// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.bench;

import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.command.VmStatus;
import dev.tidemark.qmp.fixture.LiveQemu;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// How soon does a caller who waits for an answer learn that the VM was killed?
///
/// Each measurement has a QEMU of its own that was stopped by a signal, so that the command is
/// under
/// way; what is timed is from SIGKILL to the failure of the call, the kernel's work of taking the
/// process apart included.
///
/// ```
/// mvn -q package -Dquick -DskipTests -Pbenchmarks -pl tools -am "-Dbenchmark=QmpKilledVm"
/// ```
///
/// If it took more than 100 ms, something would wait for more than the end of the connection.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 3)
@Measurement(iterations = 20)
public class QmpKilledVm {
  private LiveQemu vm;
  private CompletableFuture<VmStatus> waiting;

  /// For JMH.
  @SuppressWarnings("NullAway.Init") // Set up by [#start].
  public QmpKilledVm() {}

  /// Starts a QEMU, stops it by a signal, and sends it a command.
  ///
  /// @throws IOException if it does not start
  /// @throws InterruptedException if interrupted
  @Setup(Level.Invocation)
  public void start() throws IOException, InterruptedException {
    vm = LiveQemu.start(LiveQemu.installed().getFirst(), List.of("-m", "64"));
    new ProcessBuilder("kill", "-STOP", Long.toString(vm.process().pid())).start().waitFor();
    waiting = vm.client().submit(new QueryStatus());
    Thread.sleep(50);
    Gate.same("whether it has answered", waiting.isDone() ? 1 : 0, 0);
  }

  /// Cleans up.
  @TearDown(Level.Invocation)
  public void stop() {
    vm.close();
  }

  /// Kills it and waits for the caller's failure.
  ///
  /// @throws InterruptedException if interrupted
  @Benchmark
  public Throwable kill() throws InterruptedException {
    vm.process().destroyForcibly();
    try {
      throw new AssertionError("an answer: " + waiting.get());
    } catch (ExecutionException e) {
      return e.getCause();
    }
  }
}
