// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.doctor;

/// One thing that was looked at.
///
/// @param state how it is
/// @param subject what was looked at, such as `KVM`
/// @param detail what was found
/// @param advice what to do; empty if nothing is to be done
public record Finding(State state, String subject, String detail, String advice) {
  /// How a thing is.
  public enum State {
    /// It works.
    OK,
    /// It works less well than it could, or something that not everybody needs does not.
    WARNING,
    /// It does not work, and saving or restoring needs it.
    BROKEN;

    /// How it is printed.
    public String word() {
      return switch (this) {
        case OK -> "ok";
        case WARNING -> "warning";
        case BROKEN -> "broken";
      };
    }
  }

  /// It works.
  ///
  /// @param subject what was looked at
  /// @param detail what was found
  public static Finding ok(String subject, String detail) {
    return new Finding(State.OK, subject, detail, "");
  }

  /// It works less well than it could.
  ///
  /// @param subject what was looked at
  /// @param detail what was found
  /// @param advice what to do
  public static Finding warning(String subject, String detail, String advice) {
    return new Finding(State.WARNING, subject, detail, advice);
  }

  /// It does not work.
  ///
  /// @param subject what was looked at
  /// @param detail what was found
  /// @param advice what to do
  public static Finding broken(String subject, String detail, String advice) {
    return new Finding(State.BROKEN, subject, detail, advice);
  }
}
