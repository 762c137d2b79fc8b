// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.OpenOptions;
import dev.tidemark.stream.vmstate.DeviceVmstate;
import dev.tidemark.stream.vmstate.MachineVmstate;
import dev.tidemark.stream.vmstate.VmdescCompatibility;
import dev.tidemark.stream.vmstate.VmstatePath;
import dev.tidemark.tools.report.JsonReport;
import dev.tidemark.tools.report.UsageException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
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
      description =
          "Show each field of a device, such as cpu/0, or one field whole, such as"
              + " cpu/0:env.regs.")
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

  void print(PrintWriter out, Path file, OpenOptions options, boolean json)
      throws IOException, UsageException {
    if (other != null) {
      compare(out, other, file, options, json);
      return;
    }
    MachineVmstate machine;
    try (Checkpoint checkpoint = Checkpoint.open(file, options)) {
      machine = MachineVmstate.decode(checkpoint.deviceState());
    }
    if (device != null) {
      show(out, machine, device, json);
    } else if (json) {
      DeviceRendering.json(out, machine.devices());
    } else {
      DeviceRendering.list(out, machine);
    }
  }

  private static void show(PrintWriter out, MachineVmstate machine, String name, boolean json)
      throws IOException, UsageException {
    Optional<DeviceVmstate> wanted = DeviceNames.find(machine, name);
    if (wanted.isEmpty()) {
      field(out, machine, name, json);
    } else if (json) {
      DeviceRendering.json(out, List.of(wanted.get()));
    } else {
      DeviceRendering.fields(out, wanted.get());
    }
  }

  private static void field(PrintWriter out, MachineVmstate machine, String name, boolean json)
      throws IOException, UsageException {
    Optional<VmstatePath> path = DeviceNames.path(name);
    Optional<DeviceVmstate> owner = path.flatMap(p -> machine.device(p.device(), p.instanceId()));
    if (owner.isEmpty()) {
      throw DeviceNames.unknown(machine, name);
    }
    if (owner.get().find(path.get()).isEmpty()) {
      throw new UsageException(
          "no field \"" + path.get().field() + "\" in " + DeviceNames.of(owner.get()));
    }
    DeviceRendering.field(out, owner.get(), path.get(), json);
  }

  private static void compare(PrintWriter out, Path a, Path b, OpenOptions optionsOfB, boolean json)
      throws IOException, UsageException {
    String first = layout(a, OpenOptions.DEFAULT);
    String second = layout(b, optionsOfB);
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
  private static String layout(Path path, OpenOptions options) throws IOException, UsageException {
    if (Files.isRegularFile(path) && Files.size(path) <= TEXT_LIMIT) {
      byte[] bytes = Files.readAllBytes(path);
      if (bytes.length > 0 && bytes[0] == '{') {
        return new String(bytes, StandardCharsets.UTF_8);
      }
    }
    try (Checkpoint checkpoint = Checkpoint.open(path, options)) {
      return checkpoint
          .deviceState()
          .vmdesc()
          .orElseThrow(() -> new UsageException(path + " has no vmdesc"));
    }
  }
}
