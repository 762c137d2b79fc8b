// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.report;

/// A command that has reported its result, and whose result is that something does not hold.
public final class CheckFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final ExitCode code;
  private final String message;

  /// A result that is a failure.
  ///
  /// @param code the exit code
  /// @param message what does not hold and what to do, one line
  public CheckFailedException(ExitCode code, String message) {
    super(message);
    this.code = code;
    this.message = message;
  }

  /// The exit code.
  public ExitCode code() {
    return code;
  }

  @Override
  public String getMessage() {
    return message;
  }
}
