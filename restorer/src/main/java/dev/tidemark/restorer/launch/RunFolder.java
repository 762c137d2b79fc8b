// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.launch;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/// Names of fresh files in the folder that belongs to one restored VM; none is given twice.
final class RunFolder {
  /// `sizeof(sun_path) - 1` on Linux.
  private static final int LONGEST_SOCKET_PATH = 107;

  private static final int ROOM_FOR_NAMES = 40;

  private final Path path;
  private final Set<String> taken = new HashSet<>();

  RunFolder(Path path) {
    this.path = path.toAbsolutePath();
  }

  /// The path of a fresh file, such as `serial0.sock`.
  String fresh(String name, String suffix) {
    String safe = name.replaceAll("[^A-Za-z0-9_.-]", "_");
    safe = safe.substring(0, Math.min(safe.length(), ROOM_FOR_NAMES - 12));
    String candidate = safe + suffix;
    for (int n = 2; !taken.add(candidate); n++) {
      candidate = safe + "-" + n + suffix;
    }
    return path.resolve(candidate).toString();
  }

  /// Whether Unix sockets can be made here: their paths have a limit.
  boolean fitsSockets() {
    return path.toString().getBytes(StandardCharsets.UTF_8).length + ROOM_FOR_NAMES
        <= LONGEST_SOCKET_PATH;
  }
}
