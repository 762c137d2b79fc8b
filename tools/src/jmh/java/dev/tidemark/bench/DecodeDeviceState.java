// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.bench;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.vmstate.MachineVmstate;
import dev.tidemark.stream.vmstate.VmdescLayout;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// What does it cost to decode all device state of a machine with many devices?
///
/// The device corpus of `stream-format` has them. [#decode] makes every value, vmdesc included;
/// [#layout] is the part of it that only parses vmdesc; [#encode] makes the bytes again. Before
/// anything is measured it is checked that these are the bytes that were decoded.
///
/// ```
/// mvn -q package -Dquick -DskipTests -Pbenchmarks -pl tools -am "-Dbenchmark=DecodeDeviceState
/// -prof gc"
/// ```
///
/// If `decode` took more than 50 ms, values would have to be made when they are asked for.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
    value = 2,
    jvmArgsAppend = {"-Xmx512m"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class DecodeDeviceState {
  /// Which machine.
  @Param({"q35-10.0", "pc-10.0", "virt-10.0"})
  public String machine;

  private DeviceState state;
  private String json;
  private MachineVmstate decoded;

  /// For JMH.
  @SuppressWarnings("NullAway.Init") // Set up by [#prepare].
  public DecodeDeviceState() {}

  /// Loads the machine and compares the bytes.
  ///
  /// @throws IOException if it cannot be read
  @Setup(Level.Trial)
  public void prepare() throws IOException {
    byte[] bytes;
    try (InputStream in =
        DecodeDeviceState.class.getResourceAsStream("/corpus/devices/" + machine + ".bin.gz")) {
      if (in == null) {
        throw new IOException("no device state of " + machine);
      }
      bytes = new GZIPInputStream(in).readAllBytes();
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    int text = bytes.length - 1;
    while (bytes[text] != '{' || bytes.length - text != buffer.getInt(text - 4)) {
      text--;
    }
    state = new DeviceStateTail(0, bytes, text - 6).deviceState();
    json = state.vmdesc().orElseThrow();
    decoded = decode();
    Gate.same("decoded bytes", Arrays.hashCode(encode()), Arrays.hashCode(state.sections()));
  }

  /// All values.
  ///
  /// @throws StreamException if vmdesc cannot be read
  @Benchmark
  public MachineVmstate decode() throws StreamException {
    return MachineVmstate.decode(state);
  }

  /// vmdesc alone.
  ///
  /// @throws StreamException if it cannot be read
  @Benchmark
  public VmdescLayout layout() throws StreamException {
    return VmdescLayout.parse(json, 0);
  }

  /// The bytes again.
  @Benchmark
  public byte[] encode() {
    return decoded.encode().sections();
  }
}
