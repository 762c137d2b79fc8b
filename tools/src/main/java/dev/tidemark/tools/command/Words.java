// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.checkpoint.analysis.ContentSample;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;

/// How the commands call things.
final class Words {
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private Words() {}

  static String date(Instant instant) {
    return DATE.format(instant);
  }

  static String format(CheckpointFormat format) {
    return switch (format) {
      case STREAM -> "QEMU migration stream";
      case MAPPED_RAM -> "QEMU mapped-ram stream";
      case COMPRESSED_STREAM -> "compressed QEMU migration stream";
      case ARCHIVE -> "Tidemark archive";
      case LIBVIRT -> "libvirt save image";
      case QCOW2 -> "qcow2 internal snapshot";
    };
  }

  /// The name of a format in JSON.
  static String wireName(CheckpointFormat format) {
    return format.name().toLowerCase(Locale.ROOT);
  }

  static String kind(PageKind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  /// How many pages with content were looked at, of how many.
  static String sampled(ContentSample content) {
    return content.sampled() == content.of()
        ? "all " + content.of() + " looked at"
        : "sampled: " + content.sampled() + " of " + content.of() + " pages";
  }

  /// `none`, or the disks' names.
  static String disks(List<Manifest.Disk> disks) {
    List<String> names =
        disks.stream()
            .map(disk -> disk.device() + (disk.readOnly() ? " (read-only)" : ""))
            .toList();
    return names.isEmpty() ? "none" : String.join(", ", names);
  }

  /// One text that a shell would take apart into these arguments again.
  static String shell(List<String> arguments) {
    StringBuilder line = new StringBuilder();
    for (String argument : arguments) {
      line.append(line.isEmpty() ? "" : " ").append(quoted(argument));
    }
    return line.toString();
  }

  private static String quoted(String argument) {
    return argument.matches("[A-Za-z0-9_@%+=:,./-]+")
        ? argument
        : "'" + argument.replace("'", "'\\''") + "'";
  }
}
