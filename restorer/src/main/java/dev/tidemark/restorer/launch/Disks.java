// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.launch;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Which disks of a command line the guest can write, and which image files they need.
final class Disks {
  static final Set<String> WRITABLE_IMAGES =
      Set.of("fda", "fdb", "hda", "hdb", "hdc", "hdd", "sd", "mtdblock", "pflash");

  private final Set<String> nodes = new HashSet<>();
  private final Set<String> inner = new HashSet<>();
  private final Set<String> attached = new HashSet<>();

  /// Notes how the block nodes of a command line hang together.
  Disks(List<Parsed> options) {
    for (Parsed option : options) {
      if (option.name().equals("blockdev")) {
        option.value().get("node-name").ifPresent(nodes::add);
      }
    }
    for (Parsed option : options) {
      for (OptionValue.Property property : option.value().properties()) {
        if (option.name().equals("blockdev") && !property.key().endsWith("node-name")) {
          inner.add(property.value());
        } else if (property.key().equals("drive")) {
          attached.add(property.value());
        }
      }
    }
    inner.retainAll(nodes);
  }

  /// An option with its properties.
  record Parsed(String name, OptionValue value) {}

  /// Whether the guest, or whoever holds the node, can write through this `-drive`/`-blockdev`.
  boolean writable(Parsed disk) {
    OptionValue value = disk.value();
    if (value.isOn("readonly") || value.isOn("read-only")) {
      return false;
    }
    if (disk.name().equals("drive")) {
      boolean empty = value.properties().stream().noneMatch(p -> p.key().startsWith("file"));
      return !empty && !value.get("media").equals(Optional.of("cdrom"));
    }
    String node = value.get("node-name").orElse("");
    boolean scratch = value.get("driver").orElse("").startsWith("null-");
    return !scratch && (!inner.contains(node) || attached.contains(node));
  }

  /// The image file's path, if it is a file of this host.
  static Optional<String> imageFile(OptionValue value) {
    return value
        .get("filename")
        .or(() -> value.get("file.filename"))
        .or(() -> value.get("file"))
        .flatMap(Disks::localPath);
  }

  /// A path, if this names one: not a URL or another protocol of QEMU's.
  static Optional<String> localPath(String name) {
    String plain = name.startsWith("file:") ? name.substring(5) : name;
    boolean protocol = plain.matches("[A-Za-z][A-Za-z0-9+.-]*:.*");
    return plain.isEmpty() || protocol ? Optional.empty() : Optional.of(plain);
  }
}
