// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.launch;

import java.util.Optional;
import java.util.Set;

/// Fresh ends for character devices: whatever the saved VM's could be connected to, a restored VM's
/// is not.
///
/// A socket, terminal or host device becomes a listening Unix socket, a file a new file; what
/// belongs to one process alone (`null`, `pty`, `vc`) stays.
final class CharacterDevices {
  private static final Set<String> OWN =
      Set.of(
          "null",
          "none",
          "vc",
          "pty",
          "ringbuf",
          "memory",
          "msmouse",
          "wctablet",
          "testdev",
          "braille",
          "spicevmc",
          "spiceport",
          "qemu-vdagent",
          "hub",
          "mux");

  private static final Set<String> COMMON =
      Set.of("id", "mux", "logappend", "append", "width", "height", "cols", "rows");

  private final RunFolder folder;

  CharacterDevices(RunFolder folder) {
    this.folder = folder;
  }

  /// A listening socket, as `-qmp`, `-serial`, `-gdb` and their like take it.
  String listening(String name) {
    return listening(name, "");
  }

  private String listening(String name, String more) {
    return "unix:" + escaped(folder.fresh(name, ".sock")) + ",server=on,wait=off" + more;
  }

  /// A fresh end for the short form that `-serial` and its like take.
  ///
  /// @param value the value, such as `stdio` or `tcp::4444,server`
  /// @param name names the fresh socket or file
  /// @param logged whether output of a VM that wrote to a terminal is kept in a file too
  /// @return the new value; the same one if it may stay
  String legacy(String value, String name, boolean logged) {
    String plain = value.startsWith("mon:") ? value.substring(4) : value;
    String kind = plain.split("[:,]", 2)[0];
    if (value.startsWith("chardev:") || OWN.contains(kind)) {
      return plain;
    }
    return switch (kind) {
      case "file" -> "file:" + escaped(folder.fresh(name, ".log"));
      // Standard output loses nothing when nobody is connected; neither does this.
      case "stdio" ->
          listening(name, logged ? ",logfile=" + escaped(folder.fresh(name, ".log")) : "");
      default -> listening(name);
    };
  }

  /// A fresh end for a `-chardev`.
  OptionValue.Keyed chardev(OptionValue.Keyed value) {
    String backend = value.get("backend").orElse("");
    String name = "chardev-" + value.get("id").orElse("");
    OptionValue.Keyed fresh = value;
    if (backend.equals("file")) {
      fresh = fresh.with("path", folder.fresh(name, ".log")).without("input-path");
    } else if (!OWN.contains(backend)) {
      fresh = socket(value, name);
    } else if (backend.equals("pty") && value.get("path").isPresent()) {
      fresh = fresh.with("path", folder.fresh(name, ".pty"));
    }
    boolean logs = value.get("logfile").isPresent() || backend.equals("stdio");
    return logs ? fresh.with("logfile", folder.fresh(name + "-log", ".log")) : fresh;
  }

  private OptionValue.Keyed socket(OptionValue.Keyed value, String name) {
    OptionValue.Keyed fresh = value.with("backend", "socket");
    for (OptionValue.Property property : value.properties()) {
      if (!property.key().equals("backend") && !COMMON.contains(property.key())) {
        fresh = fresh.without(property.key());
      }
    }
    return fresh.with("path", folder.fresh(name, ".sock")).with("server", "on").with("wait", "off");
  }

  /// What a client of a helper process needs that helper for; empty for all other devices.
  static Optional<String> helper(String option, OptionValue value) {
    String type =
        value.get("driver").or(() -> value.get("type")).or(() -> value.get("qom-type")).orElse("");
    boolean needed =
        type.startsWith("vhost-user")
            || type.equals("cryptodev-vhost-user")
            || (option.equals("tpmdev") && type.equals("emulator"));
    return needed ? Optional.of(type) : Optional.empty();
  }

  private static String escaped(String path) {
    return path.replace(",", ",,");
  }
}
