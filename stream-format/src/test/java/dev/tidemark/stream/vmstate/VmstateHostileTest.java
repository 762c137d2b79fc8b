// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// vmdesc and device state that nobody means well with.
@Timeout(120)
class VmstateHostileTest {
  private static final long SEED = 20_261_123;

  private static String device(String fields) {
    return "{\"page_size\":4096,\"devices\":[{\"name\":\"d\",\"instance_id\":0,\"vmsd_name\":\"d\","
        + "\"version\":1,\"fields\":["
        + fields
        + "]}]}";
  }

  /// One section `d` with a body of zeroes.
  private static DeviceState state(String json, int bodySize) {
    byte[] sections = new byte[15 + bodySize + 5];
    sections[0] = 4;
    sections[4] = 9;
    sections[5] = 1;
    sections[6] = 'd';
    sections[15 + bodySize] = 0x7e;
    sections[15 + bodySize + 4] = 9;
    return new DeviceState(sections, Optional.of(json));
  }

  private static long allocatedBy(Runnable work) {
    ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = thread.getCurrentThreadAllocatedBytes();
    work.run();
    return thread.getCurrentThreadAllocatedBytes() - before;
  }

  private static MachineVmstate decode(DeviceState state) {
    try {
      return MachineVmstate.decode(state);
    } catch (StreamException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void deepNestingIsRefused() {
    String open = "{\"name\":\"s\",\"type\":\"struct\",\"size\":0,\"struct\":{\"fields\":[";
    for (int depth : new int[] {100, 10_000, 1_000_000}) {
      assertThatThrownBy(() -> VmdescLayout.parse(device(open.repeat(depth)), 0))
          .isInstanceOf(StreamException.class);
    }
  }

  @Test
  void arraysOfNothingAreCounted() {
    String fields = "";
    for (int i = 0; i < 10; i++) {
      fields =
          "{\"name\":\"s\",\"type\":\"struct\",\"struct\":{\"fields\":["
              + fields
              + "]},\"size\":0,\"array_len\":2147483647}";
    }
    String json = device(fields + ",{\"name\":\"b\",\"type\":\"uint8\",\"size\":1}");
    long bytes =
        allocatedBy(
            () -> {
              DeviceState state = state(json, 1);
              MachineVmstate machine = decode(state);
              assertThat(machine.encode().sections()).isEqualTo(state.sections());
              assertThat(machine.devices().getFirst().fields().members().getFirst().value())
                  .isInstanceOf(VmstateValue.Opaque.class);
            });
    assertThat(bytes).isLessThan(512L << 20);
  }

  @Test
  void structsOfOneByteAreCounted() {
    String json =
        device(
            "{\"name\":\"s\",\"array_len\":8388608,\"type\":\"struct\",\"struct\":{\"fields\":["
                + "{\"name\":\"x\",\"type\":\"uint8\",\"size\":1}]},\"size\":1}");
    DeviceState state = state(json, 8 << 20);
    long bytes = allocatedBy(() -> decode(state));
    assertThat(bytes).isLessThan(512L << 20);
    assertThat(decode(state).encode().sections()).isEqualTo(state.sections());
  }

  @Test
  void wrongSizesLeaveTheBytes() throws StreamException {
    for (String field :
        new String[] {
          "{\"name\":\"a\",\"type\":\"buffer\",\"size\":2147483647}",
          "{\"name\":\"a\",\"type\":\"buffer\",\"size\":2147483647,\"array_len\":2147483647}",
          "{\"name\":\"a\",\"type\":\"uint8\",\"size\":1,\"array_len\":2147483647}",
          "{\"name\":\"a\",\"type\":\"struct\",\"size\":4}",
          "{\"name\":\"a\",\"type\":\"qtailq\",\"size\":4}",
          "{\"name\":\"a\",\"type\":\"gtree\",\"size\":4}",
          "{\"name\":\"a\",\"type\":\"gtree\",\"size\":3}",
          "{\"name\":\"a\",\"type\":\"capability\",\"size\":0}",
          "{\"name\":\"a\",\"type\":\"nullptr\",\"size\":0}",
          "{\"name\":\"a\",\"type\":\"bitmap\",\"size\":4}",
          "{}"
        }) {
      DeviceState state = state(device(field), 4);
      assertThat(MachineVmstate.decode(state).encode().sections())
          .as(field)
          .isEqualTo(state.sections());
    }
  }

  @Test
  void moreThanAHundredMegabytesAreRefused() {
    String json = "{\"x\":\"" + "y".repeat(100 << 20) + "\"}";
    long bytes =
        allocatedBy(
            () ->
                assertThatThrownBy(() -> VmdescLayout.parse(json, 0))
                    .isInstanceOf(StreamException.LimitExceeded.class));
    assertThat(bytes).isLessThan(1 << 20);
  }

  @Test
  void tooManyFieldsAreRefused() {
    String json = device("{},".repeat(BoundedJson.OBJECTS + 10) + "{}");
    Assertions.assertTimeout(
        Duration.ofSeconds(20),
        () ->
            assertThatThrownBy(() -> VmdescLayout.parse(json, 0))
                .isInstanceOf(StreamException.LimitExceeded.class));
  }

  @Test
  void whatIsNotOfItsFormIsRefused() {
    for (String json :
        new String[] {
          "",
          "[]",
          "{",
          "{}x",
          "{\"devices\":1}",
          "{\"devices\":[1]}",
          "{\"page_size\":\"x\"}",
          "{\"page_size\":99999999999999999999}",
          device("1"),
          device("[]"),
          device("{\"size\":-1}"),
          device("{\"size\":2147483648}"),
          device("{\"size\":1.5}"),
          device("{\"name\":1}"),
          device("{\"name\":\"" + "x".repeat(5000) + "\"}"),
          device("{\"struct\":[]}"),
          device("{\"fields\":{}}")
        }) {
      assertThatThrownBy(() -> VmdescLayout.parse(json, 100))
          .as(json)
          .isInstanceOf(StreamException.Malformed.class)
          .satisfies(
              e ->
                  assertThat(((StreamException) e).streamOffset())
                      .isBetween(100L, 100L + json.length()));
    }
  }

  /// Real vmdesc, damaged: our exception, or values that still make the same bytes.
  @Test
  void damagedVmdescIsRefusedOrKeepsTheBytes() throws IOException {
    DeviceState state = DeviceCorpus.state("virt-10.0");
    String json = state.vmdesc().orElseThrow();
    SplittableRandom random = new SplittableRandom(SEED);
    String replacements = "0123456789\"{}[],:se";
    for (int i = 0; i < 400; i++) {
      StringBuilder damaged = new StringBuilder(json);
      for (int n = random.nextInt(1, 4); n > 0; n--) {
        damaged.setCharAt(
            random.nextInt(json.length()),
            replacements.charAt(random.nextInt(replacements.length())));
      }
      try {
        DeviceState changed = new DeviceState(state.sections(), Optional.of(damaged.toString()));
        assertThat(MachineVmstate.decode(changed).encode().sections())
            .as("round %d", i)
            .isEqualTo(state.sections());
      } catch (StreamException e) {
        assertThat(e.streamOffset())
            .isBetween(
                (long) state.sections().length, (long) state.sections().length + 6 + json.length());
      }
    }
  }
}
