// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.vmstate.DeviceSections;
import dev.tidemark.stream.vmstate.GlobalState;
import dev.tidemark.stream.vmstate.VmDescription;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Reads vmdesc, and the device sections that stand behind its first NUL byte, cut apart by it.
public enum VmdescSubject implements Subject {
  /// The only way.
  VMDESC;

  /// Sections that vmdesc does not describe are no error.
  @Override
  public boolean mayEnd(byte[] bytes, int length) {
    return true;
  }

  @Override
  public void read(byte[] bytes, int length) throws StreamException {
    int end = 0;
    while (end < length && bytes[end] != 0) {
      end++;
    }
    // One byte a character, so that offsets of both are the same.
    String json = new String(bytes, 0, end, StandardCharsets.US_ASCII).replace('\ufffd', '?');
    byte[] sections = end == length ? new byte[0] : Arrays.copyOfRange(bytes, end + 1, length);
    GlobalState.runState(sections);
    if (GlobalState.withRunState(sections, "paused").length != sections.length) {
      throw new AssertionError("another run state has another length");
    }
    VmDescription vmdesc = VmDescription.parse(json, 0);
    for (VmDescription.Device device : vmdesc.devices()) {
      if (device.bodySize() < 0) {
        throw new AssertionError(device.toString());
      }
    }
    Optional<List<DeviceSection>> cut = DeviceSections.split(sections, vmdesc, 0);
    Optional<List<DeviceSection>> same =
        DeviceSections.split(new DeviceState(sections, Optional.of(json)), 0);
    if (cut.isPresent() != same.isPresent()) {
      throw new AssertionError("two ways to cut do not agree");
    }
    int total =
        cut.orElse(List.of()).stream()
            .mapToInt(
                s -> 14 + s.header().idstr().length() + s.body().length + (s.footer() ? 5 : 0))
            .sum();
    if (cut.isPresent() && total != sections.length) {
      throw new AssertionError(total + " of " + sections.length + " bytes are in sections");
    }
  }
}
