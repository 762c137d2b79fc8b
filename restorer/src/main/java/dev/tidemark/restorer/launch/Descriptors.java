// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.launch;

import java.util.Set;

/// Finds descriptors that a QEMU process was started with.
final class Descriptors {
  private static final Set<String> KEYS = Set.of("fd", "fds", "vhostfd", "vhostfds", "sock_fd");
  private static final Set<String> WITH_PROPERTIES =
      Set.of(
          "netdev",
          "nic",
          "net",
          "chardev",
          "device",
          "object",
          "drive",
          "blockdev",
          "tpmdev",
          "fsdev",
          "virtfs");

  private Descriptors() {}

  /// Whether an option names one.
  static boolean inherited(QemuArgument.Option option) {
    String value = option.value().orElse("");
    if (!WITH_PROPERTIES.contains(option.name())) {
      return isPath(value);
    }
    OptionValue parsed = OptionValue.parse(option.name(), value);
    return parsed.properties().stream()
        .anyMatch(p -> KEYS.contains(p.key()) || isPath(p.value()) || isFdType(p));
  }

  private static boolean isFdType(OptionValue.Property property) {
    return property.key().endsWith(".type") && property.value().equals("fd");
  }

  private static boolean isPath(String value) {
    return value.startsWith("/dev/fdset/")
        || value.startsWith("/dev/fd/")
        || value.startsWith("/proc/self/fd/");
  }
}
