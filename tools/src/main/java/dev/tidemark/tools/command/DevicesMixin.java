// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.stream.vmstate.DeviceVmstate;
import dev.tidemark.stream.vmstate.MachineVmstate;
import dev.tidemark.stream.vmstate.VmdescCompatibility;
import dev.tidemark.tools.report.JsonReport;
import dev.tidemark.tools.report.UsageException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of `inspect` that decode device state.
final class DevicesMixin {
  private static final int TEXT_LIMIT = 64 << 20;

  @Option(names = "--devices", description = "List the devices and how much of them is decoded.")
  private boolean devices;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      description = "Show each field of a device, such as cpu/0.")
  private @Nullable String device;

  @Option(
      names = "--compare-vmdesc",
      paramLabel = "OTHER",
      description =
          "Say whether FILE's QEMU could load OTHER's stream, and the other way round. Both may be"
              + " what -dump-vmstate wrote.")
  private @Nullable Path other;

  boolean asked() {
    return devices || device != null || other != null;
  }

  void print(PrintWriter out, Path file, boolean json) throws IOException, UsageException {
    if (other != null) {
      compare(out, other, file, json);
      return;
    }
    MachineVmstate machine;
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      machine = MachineVmstate.decode(checkpoint.deviceState());
    }
    if (device != null) {
      DeviceVmstate wanted = find(machine, device);
      if (json) {
        DeviceRendering.json(out, List.of(wanted));
      } else {
        DeviceRendering.fields(out, wanted);
      }
    } else if (json) {
      DeviceRendering.json(out, machine.devices());
    } else {
      DeviceRendering.list(out, machine);
    }
  }

  private static DeviceVmstate find(MachineVmstate machine, String name) throws UsageException {
    return machine.devices().stream()
        .filter(
            d -> {
              String idstr = d.header().idstr();
              int instance = d.header().instanceId();
              return name.equals(idstr + "/" + Integer.toUnsignedString(instance))
                  || (instance == 0 && name.equals(idstr));
            })
        .findFirst()
        .orElseThrow(() -> new UsageException("no device \"" + name + "\"; --devices lists them"));
  }

  private static void compare(PrintWriter out, Path a, Path b, boolean json)
      throws IOException, UsageException {
    String first = layout(a);
    String second = layout(b);
    VmdescCompatibility forth = VmdescCompatibility.between(first, second);
    VmdescCompatibility back = VmdescCompatibility.between(second, first);
    if (json) {
      JsonReport.print(
          out,
          j -> {
            DeviceRendering.compatibilityJson(j, "first_to_second", forth);
            DeviceRendering.compatibilityJson(j, "second_to_first", back);
          });
    } else {
      DeviceRendering.compatibility(out, a + " to " + b, forth);
      DeviceRendering.compatibility(out, b + " to " + a, back);
    }
  }

  /// vmdesc of a checkpoint, or the text of a file that is JSON itself.
  private static String layout(Path path) throws IOException, UsageException {
    if (Files.isRegularFile(path) && Files.size(path) <= TEXT_LIMIT) {
      byte[] bytes = Files.readAllBytes(path);
      if (bytes.length > 0 && bytes[0] == '{') {
        return new String(bytes, StandardCharsets.UTF_8);
      }
    }
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      return checkpoint
          .deviceState()
          .vmdesc()
          .orElseThrow(() -> new UsageException(path + " has no vmdesc"));
    }
  }
}
