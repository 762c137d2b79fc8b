// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.qcow2;

import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;

/// An internal snapshot, as the image's table notes it.
///
/// Format: `QCowSnapshotHeader` and `QCowSnapshotExtraData` in `block/qcow2.h`.
///
/// @param id unique in the image, usually a number; may hold any character
/// @param name what the user called it; several snapshots may have the same; may hold any character
/// @param date when it was taken, by the host's clock
/// @param vmClock how long the VM had run
/// @param vmStateSize bytes of the VM's state; 0 if there is none, of a snapshot of the disk alone
/// @param diskSize bytes of the disk when it was taken; absent in old images, where it is that of
///     the image
/// @param icount instructions executed by then; absent without `-icount`
public record Qcow2Snapshot(
    String id,
    String name,
    Instant date,
    Duration vmClock,
    long vmStateSize,
    OptionalLong diskSize,
    OptionalLong icount) {
  /// Most characters of a name in a message.
  private static final int MAX_SHOWN = 80;

  /// Whether there is more in it than a disk.
  public boolean hasVmState() {
    return vmStateSize > 0;
  }

  /// How messages call it: name and id; what is not printable as `\x{N}`.
  String shown() {
    return quoted(name) + " (id " + printable(id) + ")";
  }

  static String quoted(String text) {
    return '"' + printable(text) + '"';
  }

  private static String printable(String text) {
    StringBuilder shown = new StringBuilder();
    text.codePoints()
        .limit(MAX_SHOWN)
        .forEach(
            c -> shown.append(isPrintable(c) ? Character.toString(c) : "\\x{%x}".formatted(c)));
    return text.codePointCount(0, text.length()) > MAX_SHOWN ? shown + "..." : shown.toString();
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }
}
