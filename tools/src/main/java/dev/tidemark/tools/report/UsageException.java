// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.report;

/// A command line that cannot be carried out, found only after it was parsed.
public final class UsageException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String message;

  /// A usage error.
  ///
  /// @param message what is wrong and what there is instead, one line
  public UsageException(String message) {
    super(message);
    this.message = message;
  }

  @Override
  public String getMessage() {
    return message;
  }
}
