// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.preflight;

import dev.tidemark.restorer.launch.OptionValue;
import dev.tidemark.restorer.launch.QemuCommandLine;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The size of RAM that a command line gives.
final class RamSize {
  private static final Pattern SIZE = Pattern.compile("(\\d{1,15})([bkmgtBKMGT]?)");
  private static final long MEBIBYTE = 1 << 20;
  private static final long BY_DEFAULT = 128 * MEBIBYTE;

  private RamSize() {}

  /// In bytes; absent if it cannot be told.
  static Optional<Long> given(QemuCommandLine line) {
    if (!line.has("m")) {
      return Optional.of(BY_DEFAULT);
    }
    return line.options("m")
        .flatMap(o -> o.value().stream())
        .flatMap(v -> OptionValue.parse("m", v).get("size").stream())
        .reduce((first, second) -> second)
        .flatMap(RamSize::bytes);
  }

  /// A size as QEMU's `-m` reads it: mebibytes unless a suffix says otherwise.
  static Optional<Long> bytes(String text) {
    Matcher matcher = SIZE.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String suffix = matcher.group(2).isEmpty() ? "m" : matcher.group(2).toLowerCase(Locale.ROOT);
    int shift = 10 * "bkmgt".indexOf(suffix);
    long number = Long.parseLong(matcher.group(1));
    return number > Long.MAX_VALUE >> shift ? Optional.empty() : Optional.of(number << shift);
  }

  static String text(long bytes) {
    return bytes % MEBIBYTE == 0 ? bytes / MEBIBYTE + " MiB" : bytes + " bytes";
  }
}
