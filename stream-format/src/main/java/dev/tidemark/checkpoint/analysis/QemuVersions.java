// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.analysis;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a machine type's name tells of the QEMU that ran it.
public final class QemuVersions {
  private static final Pattern VERSIONED =
      Pattern.compile("-(\\d{1,3}\\.\\d{1,3})(?:\\.\\d{1,3})?$");

  private QemuVersions() {}

  /// The oldest QEMU that has a machine type: versioned ones, such as `pc-i440fx-10.0`, are named
  /// after the release that brought them, and later releases keep them. Distributions name some
  /// of theirs differently; so this is a guess.
  ///
  /// @param machineType its name
  /// @return such as `10.0`; absent if the name tells no version
  public static Optional<String> atLeast(String machineType) {
    Matcher matcher = VERSIONED.matcher(machineType);
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }
}
