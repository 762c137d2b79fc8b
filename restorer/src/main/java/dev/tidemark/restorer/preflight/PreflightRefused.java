// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.preflight;

import java.io.IOException;
import java.util.List;

/// A restore that was not begun, since it would have failed. Nothing has been started or changed.
public final class PreflightRefused extends IOException {
  private static final long serialVersionUID = 1L;

  private final transient List<Finding> findings;

  /// A refusal.
  ///
  /// @param findings what was found, at least one of them a refusal
  public PreflightRefused(List<Finding> findings) {
    super(String.join("; ", refusals(findings)));
    this.findings = List.copyOf(findings);
  }

  private static List<String> refusals(List<Finding> findings) {
    return findings.stream()
        .filter(f -> f.severity() == Finding.Severity.REFUSAL)
        .map(Finding::line)
        .toList();
  }

  /// All that was found, warnings too.
  public List<Finding> findings() {
    return findings;
  }

  /// The lines that stand against the restore.
  public List<String> refusals() {
    return refusals(findings);
  }
}
