// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.preflight;

import dev.tidemark.qmp.command.QemuVersion;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads QEMU's version out of what it prints, or of what a manifest holds.
final class VersionText {
  private static final Pattern NUMBERS =
      Pattern.compile("(\\d{1,6})\\.(\\d{1,6})(?:\\.(\\d{1,6}))?");

  private VersionText() {}

  /// The first version number in a text such as `10.0.2` or `QEMU emulator version 7.2.22 (…)`.
  static Optional<QemuVersion> in(String text) {
    Matcher matcher = NUMBERS.matcher(text);
    if (!matcher.find()) {
      return Optional.empty();
    }
    String micro = Optional.ofNullable(matcher.group(3)).orElse("0");
    return Optional.of(
        new QemuVersion(
            Integer.parseInt(matcher.group(1)),
            Integer.parseInt(matcher.group(2)),
            Integer.parseInt(micro),
            ""));
  }
}
