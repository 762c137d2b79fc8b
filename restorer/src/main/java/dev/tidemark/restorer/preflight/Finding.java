// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.preflight;

/// Something that pre-flight found.
///
/// @param severity whether it stands against the restore
/// @param line what it is, one line, lower case, no full stop
public record Finding(Severity severity, String line) {
  /// How much a finding weighs.
  public enum Severity {
    /// The restore would fail, or do harm.
    REFUSAL,
    /// The restore may fail.
    WARNING
  }

  /// What stands against a restore.
  ///
  /// @param line what it is
  /// @return the finding
  public static Finding refusal(String line) {
    return new Finding(Severity.REFUSAL, line);
  }

  /// What may go wrong.
  ///
  /// @param line what it is
  /// @return the finding
  public static Finding warning(String line) {
    return new Finding(Severity.WARNING, line);
  }
}
