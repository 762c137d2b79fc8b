// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.report;

import java.time.Duration;
import java.util.Locale;

/// Sizes, durations and counts as people write them, to and fro.
public final class Quantity {
  private static final String[] BINARY_UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  private static final String SUFFIXES = "KMGTPE";

  private Quantity() {}

  /// A size as `512.0 MiB`; below 1 KiB as `17 B`.
  ///
  /// @param bytes the size, 0 or more
  public static String size(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    int unit = (63 - Long.numberOfLeadingZeros(bytes)) / 10;
    double value = bytes / (double) (1L << (10 * unit));
    // 1023.97 KiB must not be printed as 1024.0 KiB.
    if (value >= 1023.95 && unit < BINARY_UNITS.length - 1) {
      unit++;
      value /= 1024;
    }
    return String.format(Locale.ROOT, "%.1f %s", value, BINARY_UNITS[unit]);
  }

  /// A rate as `512.0 MiB/s`.
  ///
  /// @param bytesPerSecond the rate, 0 or more
  public static String rate(long bytesPerSecond) {
    return size(bytesPerSecond) + "/s";
  }

  /// A duration with three or four digits: `0.84 ms`, `8.4 ms`, `312 ms`, `4.71 s`, `3 min 20 s`.
  ///
  /// @param duration the duration, not negative
  public static String duration(Duration duration) {
    double seconds = duration.toNanos() / 1e9;
    if (duration.isZero()) {
      return "0 ms";
    }
    if (seconds < 0.0009995) {
      return String.format(Locale.ROOT, "%.2f ms", seconds * 1e3);
    }
    if (seconds < 0.09995) {
      return String.format(Locale.ROOT, "%.1f ms", seconds * 1e3);
    }
    if (seconds < 0.9995) {
      return Math.round(seconds * 1e3) + " ms";
    }
    if (seconds < 99.995) {
      return String.format(Locale.ROOT, "%.2f s", seconds);
    }
    long whole = Math.round(seconds);
    if (whole < 3600) {
      return whole / 60 + " min " + whole % 60 + " s";
    }
    return whole / 3600 + " h " + whole / 60 % 60 + " min";
  }

  /// A share as `12.5 %`; of nothing, `0.0 %`.
  ///
  /// @param part the part
  /// @param whole the whole
  public static String percent(long part, long whole) {
    double share = whole == 0 ? 0 : 100.0 * part / whole;
    return String.format(Locale.ROOT, "%.1f %%", share);
  }

  /// A count with its noun: `1 page`, `2 pages`.
  ///
  /// @param count how many
  /// @param noun the noun, one that takes an s
  public static String count(long count, String noun) {
    return count + " " + noun + (count == 1 ? "" : "s");
  }

  /// Reads a size: digits and at most one of `K M G T P E`, in powers of 1024, `iB` or `B` behind
  /// it accepted.
  ///
  /// @param text such as `512M`
  /// @return the size in bytes
  /// @throws IllegalArgumentException if it is no size or has more than 63 bits
  public static long parseSize(String text) {
    String upper = text.strip().toUpperCase(Locale.ROOT);
    String digits = upper.replaceFirst("(?:([KMGTPE])I?)?B?$", "$1");
    int shift = 0;
    if (!digits.isEmpty()) {
      int suffix = SUFFIXES.indexOf(digits.charAt(digits.length() - 1));
      if (suffix >= 0) {
        shift = 10 * (suffix + 1);
        digits = digits.substring(0, digits.length() - 1);
      }
    }
    try {
      long value = Long.parseUnsignedLong(digits);
      if (value >= 0 && value <= Long.MAX_VALUE >> shift && digits.charAt(0) != '+') {
        return value << shift;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new IllegalArgumentException(
        "'" + text + "' is not a size: use a number with K, M or G behind it, such as 512M");
  }

  /// Reads a duration: a number and `us`, `ms`, `s`, `m` or `h`.
  ///
  /// @param text such as `10ms` or `1.5s`
  /// @return the duration
  /// @throws IllegalArgumentException if it is no duration
  public static Duration parseDuration(String text) {
    String compact = text.strip().toLowerCase(Locale.ROOT);
    int letters = 0;
    while (letters < compact.length() && !Character.isLetter(compact.charAt(letters))) {
      letters++;
    }
    double nanosPerUnit =
        switch (compact.substring(letters)) {
          case "us" -> 1e3;
          case "ms" -> 1e6;
          case "s" -> 1e9;
          case "m", "min" -> 60e9;
          case "h" -> 3600e9;
          default -> Double.NaN;
        };
    String number = compact.substring(0, letters).strip();
    if (number.matches("[0-9]{1,9}(\\.[0-9]{1,9})?") && !Double.isNaN(nanosPerUnit)) {
      return Duration.ofNanos(Math.round(Double.parseDouble(number) * nanosPerUnit));
    }
    throw new IllegalArgumentException(
        "'"
            + text
            + "' is not a duration: use a number with us, ms, s, m or h behind it, such as 10ms");
  }
}
