// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import java.util.Comparator;

/// The version of a QEMU.
///
/// Ordered by its three numbers; the packager's text does not count in the order.
///
/// @param major the first number
/// @param minor the second number
/// @param micro the third number
/// @param packaging what the packager added, such as `Debian 1:10.0.2+ds-2`; may be empty
public record QemuVersion(int major, int minor, int micro, String packaging)
    implements Comparable<QemuVersion> {
  private static final Comparator<QemuVersion> ORDER =
      Comparator.comparingInt(QemuVersion::major)
          .thenComparingInt(QemuVersion::minor)
          .thenComparingInt(QemuVersion::micro);

  /// Reads a `VersionInfo`, which the greeting and `query-version` hold.
  public static QemuVersion of(JsonObject raw) {
    JsonObject qemu = raw.object("qemu");
    return new QemuVersion(
        Math.toIntExact(qemu.longValue("major")),
        Math.toIntExact(qemu.longValue("minor")),
        Math.toIntExact(qemu.longValue("micro")),
        raw.optString("package").orElse(""));
  }

  /// Whether this version is that one or a newer one.
  public boolean isAtLeast(int major, int minor) {
    return this.major > major || (this.major == major && this.minor >= minor);
  }

  /// The three numbers: `10.0.2`.
  public String number() {
    return major + "." + minor + "." + micro;
  }

  @Override
  public int compareTo(QemuVersion other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return packaging.isEmpty() ? number() : number() + " (" + packaging + ")";
  }
}
