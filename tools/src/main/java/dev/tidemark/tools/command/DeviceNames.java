// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.stream.vmstate.DeviceVmstate;
import dev.tidemark.stream.vmstate.MachineVmstate;
import dev.tidemark.stream.vmstate.VmstatePath;
import dev.tidemark.tools.report.UsageException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// How a user names devices: idstr and instance id, such as `cpu/0`; without the id it is 0.
final class DeviceNames {
  private static final int SUGGESTIONS = 4;

  private DeviceNames() {}

  static String of(DeviceVmstate device) {
    return device.header().idstr() + "/" + Integer.toUnsignedString(device.header().instanceId());
  }

  static Optional<DeviceVmstate> find(MachineVmstate machine, String name) {
    return machine.devices().stream()
        .filter(d -> name.equals(of(d)) || (name + "/0").equals(of(d)))
        .findFirst();
  }

  static Optional<VmstatePath> path(String text) {
    try {
      return Optional.of(VmstatePath.parse(text));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  /// What to say of a name that no device has.
  static UsageException unknown(MachineVmstate machine, String name) {
    String what = "no device \"" + name + "\"";
    if (machine.devices().isEmpty() && machine.rest().isPresent()) {
      return new UsageException(what + ": " + machine.rest().get().reason());
    }
    List<String> near =
        machine.devices().stream()
            .map(DeviceNames::of)
            .filter(known -> isNear(known, name))
            .limit(SUGGESTIONS)
            .toList();
    return new UsageException(
        near.isEmpty()
            ? what + "; --devices lists them"
            : what + "; did you mean " + String.join(", ", near) + "?");
  }

  /// One name is a part of the other, or differs from one of its parts by a letter or two.
  private static boolean isNear(String known, String name) {
    String a = known.toLowerCase(Locale.ROOT);
    String b = name.toLowerCase(Locale.ROOT);
    if (b.isEmpty()) {
      return false;
    }
    if (a.contains(b)) {
      return true;
    }
    String wanted = b.replaceFirst("/\\d+$", "");
    for (String part : a.split("/", -1)) {
      if (part.length() > 2
          && wanted.length() <= 255
          && distance(part, wanted) <= part.length() / 4) {
        return true;
      }
    }
    return false;
  }

  /// How many letters must be put in, taken out or changed to make one of the other.
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int above = row[j];
        int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(changed, Math.min(above, row[j - 1]) + 1);
        diagonal = above;
      }
    }
    return row[b.length()];
  }
}
