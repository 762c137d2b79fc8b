// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.report;

/// The exit codes of every command, with the text that `--help` prints for each.
public enum ExitCode {
  /// All went well.
  OK(0, "ok"),
  /// Something failed that has no code of its own, such as a full disk.
  FAILED(1, "failed"),
  /// The command line is wrong, or leaves something open that must be decided.
  USAGE(2, "usage: the command line is wrong or leaves a choice open"),
  /// The input ends too early.
  INCOMPLETE(3, "truncated or incomplete input"),
  /// The input breaks its format.
  MALFORMED(4, "malformed input, or a checksum is wrong"),
  /// The input is legal and not read by this version.
  UNSUPPORTED(5, "unsupported input, or a limit is exceeded"),
  /// QEMU refused, failed or went away.
  QEMU(6, "QEMU or QMP error"),
  /// A check before the work said no; nothing was touched.
  REFUSED(7, "refused before anything was touched"),
  /// Ctrl-C.
  INTERRUPTED(130, "interrupted");

  private final int code;
  private final String meaning;

  ExitCode(int code, String meaning) {
    this.code = code;
    this.meaning = meaning;
  }

  /// The number that the process ends with.
  public int code() {
    return code;
  }

  /// What it means, as `--help` says it.
  public String meaning() {
    return meaning;
  }
}
