// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.Configuration;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamReader;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.vmstate.ConfigurationVmstate;
import dev.tidemark.stream.vmstate.CpuRegisters;
import dev.tidemark.stream.vmstate.DeviceDiff;
import dev.tidemark.stream.vmstate.DeviceVmstate;
import dev.tidemark.stream.vmstate.MachineVmstate;
import dev.tidemark.stream.vmstate.VmdescCompatibility;
import dev.tidemark.stream.vmstate.VmdescLayout;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/// Decodes device state field by field. Whatever the bytes are: what is decoded encodes to them
/// again.
public enum VmstateSubject implements Subject {
  /// vmdesc, and device sections behind its first NUL byte.
  BESIDE_VMDESC {
    // Sections that vmdesc does not describe are no error.
    @Override
    public boolean mayEnd(byte[] bytes, int length) {
      return true;
    }

    @Override
    public void read(byte[] bytes, int length) throws IOException {
      int end = 0;
      while (end < length && bytes[end] != 0) {
        end++;
      }
      // One byte a character, so that offsets of both are the same.
      String json = new String(bytes, 0, end, StandardCharsets.US_ASCII).replace('\ufffd', '?');
      VmdescLayout layout = VmdescLayout.parse(json, 0);
      byte[] sections = end == length ? new byte[0] : Arrays.copyOfRange(bytes, end + 1, length);
      // So that an offset in vmdesc is one in the text.
      all(new DeviceState(sections, Optional.of(json)), -sections.length - 6L);
      VmdescCompatibility.between(json, json);
      layout.lengths();
    }
  },
  /// A migration stream: its configuration and what follows RAM.
  IN_STREAM {
    // Right behind EOF, since vmdesc is optional.
    @Override
    public boolean mayEnd(byte[] bytes, int length) {
      return length > 0 && bytes[length - 1] == 0;
    }

    @Override
    public void read(byte[] bytes, int length) throws IOException {
      Optional<Configuration> configuration = Optional.empty();
      try (StreamReader in = SETTINGS.read(new Input(bytes, length).source())) {
        for (StreamElement e = in.next(); e != null; e = in.next()) {
          if (e instanceof Configuration c) {
            configuration = Optional.of(c);
          } else if (e instanceof DeviceStateTail tail) {
            all(tail.deviceState(), tail.streamOffset());
            configuration(configuration, tail);
          }
        }
      }
    }
  };

  private static final MigrationStream SETTINGS =
      MigrationStream.of(TargetPageSize.detect()).withWindow(128 << 10).withDeviceTail();

  private static void configuration(Optional<Configuration> configuration, DeviceStateTail tail)
      throws IOException {
    if (configuration.isPresent() && tail.vmdesc().isPresent()) {
      VmdescLayout layout =
          VmdescLayout.parse(tail.vmdesc().get(), tail.streamOffset() + tail.sectionsLength() + 6);
      ConfigurationVmstate.decode(configuration.get(), layout)
          .ifPresent(c -> same(c.toBytes(), configuration.get().bytes()));
    }
  }

  private static void all(DeviceState state, long streamOffset) throws IOException {
    MachineVmstate machine = MachineVmstate.decode(state, streamOffset);
    same(machine.encode().sections(), state.sections());
    CpuRegisters.of(machine);
    for (DeviceVmstate device : machine.devices()) {
      long[] bytes = new long[1];
      device.forEachField((_, value) -> bytes[0] += value.size());
      if (bytes[0] > device.fields().size()) {
        throw new AssertionError("more bytes in fields than in " + device.header());
      }
    }
    if (!DeviceDiff.between(machine, machine).changes().isEmpty()) {
      throw new AssertionError("a machine differs from itself");
    }
  }

  private static void same(byte[] again, byte[] before) {
    if (!Arrays.equals(again, before)) {
      throw new AssertionError("other bytes than were decoded");
    }
  }
}
