// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.stream.vmstate.DeviceDiff;
import dev.tidemark.stream.vmstate.MachineVmstate;
import java.io.IOException;
import java.util.Set;

/// Device states that two files hold of one VM, stopped at one moment.
final class DeviceStates {
  /// What goes on while the VM stands: the real-time clock, which QEMU sets when it saves.
  private static final Set<String> CLOCKS =
      Set.of("mc146818rtc/0:cmos_data", "mc146818rtc/0:update_timer");

  private DeviceStates() {}

  /// Asserts that all of it can be read and that it is the same, but for clocks.
  ///
  /// @param what what the files are, for who reads that they differ
  static void assertSame(Object what, Checkpoint one, Checkpoint other) throws IOException {
    MachineVmstate first = MachineVmstate.decode(one.deviceState());
    MachineVmstate second = MachineVmstate.decode(other.deviceState());
    assertThat(first.rest()).as("%s", what).isEmpty();
    assertThat(first.devices()).as("%s", what).hasSizeGreaterThan(20);
    assertThat(DeviceDiff.between(first, second).changes().stream().map(c -> c.path().toString()))
        .as("%s", what)
        .isSubsetOf(CLOCKS);
  }
}
