// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.bench;

import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.command.VmStatus;
import dev.tidemark.qmp.fixture.LiveQemu;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
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

/// How long does `query-status` take by the client, and how long without it?
///
/// [#client] is a call of `QmpClient`; [#bareSocket] sends the same text to another monitor of the
/// same, stopped QEMU over a blocking channel and reads up to the end of the line. The difference
/// is
/// what the client costs: JSON, ids, deadline, and two hand-overs between threads.
///
/// ```
/// mvn -q package -Dquick -DskipTests -Pbenchmarks -pl tools -am "-Dbenchmark=QmpRoundTrip -prof
/// gc"
/// ```
///
/// Look at the median. If that of [#client] were above 150 µs, the hand-overs would have to go.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(
    value = 2,
    jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class QmpRoundTrip {
  private static final byte[] COMMAND =
      "{\"execute\":\"query-status\",\"id\":1}\n".getBytes(StandardCharsets.US_ASCII);

  private LiveQemu vm;
  private QmpClient qmp;
  private SocketChannel bare;
  private final ByteBuffer reply = ByteBuffer.allocateDirect(1 << 12);
  private final ByteBuffer command = ByteBuffer.allocateDirect(COMMAND.length);

  /// For JMH.
  @SuppressWarnings("NullAway.Init") // Set up by [#start].
  public QmpRoundTrip() {}

  /// Starts a QEMU with two monitors; its guest stands.
  ///
  /// @throws IOException if it does not start
  /// @throws InterruptedException if interrupted
  @Setup(Level.Trial)
  public void start() throws IOException, InterruptedException {
    List<String> arguments =
        List.of("-m", "64", "-S", "-qmp", "unix:{dir}/second,server=on,wait=off");
    vm = LiveQemu.start(LiveQemu.installed().getFirst(), arguments);
    qmp = vm.client();
    Path second = vm.folder().resolve("second");
    bare = SocketChannel.open(UnixDomainSocketAddress.of(second));
    receive();
    bare.write(
        ByteBuffer.wrap(
            "{\"execute\":\"qmp_capabilities\"}\n".getBytes(StandardCharsets.US_ASCII)));
    receive();
    command.put(COMMAND).flip();
    Gate.same("whether the guest runs", client().running() ? 1 : 0, 0);
    Gate.same("the last byte", bareSocket(), '\n');
  }

  /// Ends it.
  ///
  /// @throws IOException if the socket cannot be closed
  @TearDown(Level.Trial)
  public void stop() throws IOException {
    bare.close();
    vm.close();
  }

  /// By the client.
  ///
  /// @throws IOException if QEMU does not answer
  /// @throws InterruptedException if interrupted
  @Benchmark
  public VmStatus client() throws IOException, InterruptedException {
    return qmp.execute(new QueryStatus());
  }

  /// By a bare socket.
  ///
  /// @throws IOException if QEMU does not answer
  @Benchmark
  public int bareSocket() throws IOException {
    command.rewind();
    while (command.hasRemaining()) {
      bare.write(command);
    }
    return receive();
  }

  private int receive() throws IOException {
    reply.clear();
    do {
      if (bare.read(reply) < 0) {
        throw new IOException("QEMU has closed the monitor");
      }
    } while (reply.get(reply.position() - 1) != '\n');
    return reply.get(reply.position() - 1);
  }
}
